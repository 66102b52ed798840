"""Origin: which base URLs are taken, and that a refused one is not repeated."""

from __future__ import annotations

import pytest

from solvent.values.errors import Invalid
from solvent.wire.origin import Origin


@pytest.mark.parametrize(
    ("base_url", "origin", "authority"),
    [
        ("http://localhost", Origin("http", "localhost", 80, ""), "localhost"),
        ("https://API.Example.com/v1/", Origin("https", "api.example.com", 443, "/v1"), "api.example.com"),
        ("http://10.0.0.1:8080/a/b", Origin("http", "10.0.0.1", 8080, "/a/b"), "10.0.0.1:8080"),
        ("https://[::1]:8443/v1", Origin("https", "::1", 8443, "/v1"), "[::1]:8443"),
        ("http://[2001:DB8::1]", Origin("http", "2001:db8::1", 80, ""), "[2001:db8::1]"),
    ],
)
def test_reads_base_urls(base_url: str, origin: Origin, authority: str) -> None:
    assert Origin.parse(base_url) == origin
    assert origin.authority == authority


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "api.example.com",
        "ftp://example.com",
        "http://",
        "http://:80",
        "http://user@example.com",
        "http://user:password@example.com",
        "http://@example.com",
        "http://example.com?x=1",
        "http://example.com/#part",
        "http://example.com/a?",
        "http://exa mple.com",
        "http://example.com/\r\nx: y",
        "http://exämple.com",
        "http://example.com:port",
        "http://example.com:0",
        "http://example.com:99999",
        "http://[::1",
        "http://[fe80::1%25eth0]/",
        "http://a..b/",
        "http://" + "a" * 64 + ".com",
        "http://example.com/" + "a" * 3000,
    ],
)
def test_refuses_other_urls_without_repeating_them(base_url: str) -> None:
    with pytest.raises(Invalid) as caught:
        Origin.parse(base_url)
    assert caught.value.code == "base_url_invalid"
    assert "password" not in caught.value.message.replace("a user name or password", "")
