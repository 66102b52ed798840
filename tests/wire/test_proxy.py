"""Which proxy leads where, and what is no address of one."""

from __future__ import annotations

import pytest

from solvent.values.errors import Invalid
from solvent.wire.origin import Origin
from solvent.wire.proxy import Proxy, proxies_in, proxies_of, proxy_for

API = Origin.parse("https://api.example.com/v1")
PLAIN = Origin.parse("http://llm.example.com:8000/v1")


def hosts(environment: dict[str, str]) -> tuple[str | None, str | None]:
    """Whose proxy is taken, over TLS and without."""
    secure, plain = (proxy_for(origin, proxies_in(environment)) for origin in (API, PLAIN))
    return secure.host if secure else None, plain.host if plain else None


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, (None, None)),
        ({"HTTPS_PROXY": "http://s:1"}, ("s", None)),
        ({"HTTP_PROXY": "http://p:1"}, (None, "p")),
        ({"ALL_PROXY": "http://a:1", "HTTP_PROXY": "http://p:1"}, ("a", "p")),
        ({"https_proxy": "http://low:1", "HTTPS_PROXY": "http://high:1"}, ("low", None)),
        ({"HTTPS_PROXY": ""}, (None, None)),
        ({"ALL_PROXY": "proxy.example.com:3128"}, ("proxy.example.com",) * 2),
        ({"ALL_PROXY": "http://a:1", "NO_PROXY": "*"}, (None, None)),
        ({"ALL_PROXY": "http://a:1", "NO_PROXY": "api.example.com"}, (None, "a")),
        ({"ALL_PROXY": "http://a:1", "NO_PROXY": "example.com, other"}, (None, None)),
        ({"ALL_PROXY": "http://a:1", "NO_PROXY": ".EXAMPLE.com"}, (None, None)),
        ({"ALL_PROXY": "http://a:1", "NO_PROXY": "ample.com"}, ("a", "a")),
        ({"ALL_PROXY": "http://a:1", "NO_PROXY": "llm.example.com:8000"}, ("a", None)),
        ({"ALL_PROXY": "http://a:1", "NO_PROXY": "llm.example.com:9"}, ("a", "a")),
        ({"ALL_PROXY": "http://a:1", "no_proxy": "10.0.0.0/8"}, ("a", "a")),
    ],
)
def test_the_environment_says_which(environment: dict[str, str], expected: tuple[str | None, str | None]) -> None:
    assert hosts(environment) == expected


@pytest.mark.parametrize(
    ("url", "without", "is_taken"),
    [
        ("http://10.1.2.3:80", "10.0.0.0/8", False),
        ("http://11.1.2.3:80", "10.0.0.0/8", True),
        ("http://[fd00::1]:80", "fd00::/8", False),
        ("http://[fd00::1]:80", "[fd00::1]", False),
        ("http://localhost:80", "", False),
        ("http://127.0.0.9:80", "", False),
        ("http://[::1]:80", "", False),
        ("http://localhost.example.com", "", True),
    ],
)
def test_addresses_and_networks_are_excepted_and_this_machine_always_is(url: str, without: str, is_taken: bool) -> None:
    proxies = proxies_in({"ALL_PROXY": "http://a:1", "NO_PROXY": without})
    assert (proxy_for(Origin.parse(url), proxies) is not None) == is_taken


def test_a_setting_leads_everywhere() -> None:
    for url in ("https://api.example.com", "http://127.0.0.1:9"):
        assert proxy_for(Origin.parse(url), proxies_of("http://a:1")) == Proxy("a", 1)


def test_reads_user_and_password_and_never_shows_them() -> None:
    proxy = Proxy.parse("http://us%40er:p%3Ass%2Fw@Proxy.Example.com:3128/")
    assert proxy == Proxy("proxy.example.com", 3128, "us@er", "p:ss/w")
    assert repr(proxy) == "Proxy('proxy.example.com:3128')"
    assert Proxy.parse("http://[::1]:99").authority == "[::1]:99"
    assert Proxy.parse("http://proxy").port == 80


@pytest.mark.parametrize(
    "url",
    [
        "https://secret@proxy:1", "socks5://secret@proxy:1", "http://secret@", "http://secret@proxy:0",
        "http://secret@proxy:99999", "http://secret@proxy/path", "http://secret@proxy?x", "http://secret@pro xy",
        "http://secret\r\nx@proxy", "http://sec%0aret@proxy", "http://sec%3aret:x@proxy", "http://[secret", " ",
        "http://secret@" + "x" * 3000,
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_proxy_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(Invalid) as caught:
        Proxy.parse(url)
    assert caught.value.code == "proxy_invalid"
    assert "secret" not in caught.value.message
