"""RequestHeads: exact bytes out, nothing smuggled in, no header value shown."""

from __future__ import annotations

import pytest

from solvent.values.errors import Invalid
from solvent.wire.origin import Origin
from solvent.wire.pool import Pool
from solvent.wire.request import PREFIXES_MAX, RequestHeads

ORIGIN = Origin.parse("http://up:81/v1")


def heads() -> RequestHeads:
    return RequestHeads(ORIGIN, {"Authorization": "Bearer top-secret"})


def test_writes_a_post() -> None:
    assert heads().encode("POST", "/chat?x=1", {"X-Id": "7"}, 12) == (
        b"POST /v1/chat?x=1 HTTP/1.1\r\nhost: up:81\r\naccept-encoding: identity\r\nuser-agent: solvent\r\n"
        b"authorization: Bearer top-secret\r\nx-id: 7\r\ncontent-length: 12\r\n\r\n"
    )


def test_a_request_replaces_a_default_header() -> None:
    head = heads().encode("POST", "/", {"AUTHORIZATION": "Bearer other"}, 0)
    assert head.count(b"authorization") == 1
    assert b"Bearer other" in head
    assert b"content-length: 0" in head


def test_a_get_without_body_has_no_length() -> None:
    assert b"content-length" not in heads().encode("GET", "/models", None, 0)


def test_keeps_a_bounded_number_of_prepared_lines() -> None:
    writer = heads()
    for number in range(PREFIXES_MAX * 2 + 3):
        assert b"/v1/%d " % number in writer.encode("GET", f"/{number}", None, 0)
    assert len(writer._prefixes) <= PREFIXES_MAX


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("post", "/", {}),
        ("POST /x HTTP/1.1\r\n", "/", {}),
        ("", "/", {}),
        ("GET", "", {}),
        ("GET", "models", {}),
        ("GET", "/a b", {}),
        ("GET", "/a\r\nhost: x", {}),
        ("GET", "/a\n", {}),
        ("GET", "/ä", {}),
        ("GET", "/a#b", {}),
        ("GET", "/" + "a" * 9000, {}),
        ("GET", "/", {"": "x"}),
        ("GET", "/", {"a b": "x"}),
        ("GET", "/", {"a\r\n": "x"}),
        ("GET", "/", {"a:": "x"}),
        ("GET", "/", {"a": "top-secret\r\nb: c"}),
        ("GET", "/", {"a": "top-secret\n"}),
        ("GET", "/", {"a": "top-secret\x00"}),
        ("GET", "/", {"a": "top-secret\u20ac"}),
        ("GET", "/", {"a": "top-secret", "A": "top-secret"}),
        ("GET", "/", {"Content-Length": "5"}),
        ("GET", "/", {"transfer-encoding": "chunked"}),
        ("GET", "/", {"Host": "evil"}),
    ],
)
def test_refuses_injection(method: str, path: str, headers: dict[str, str]) -> None:
    with pytest.raises(Invalid) as caught:
        heads().encode(method, path, headers, 0)
    assert caught.value.code == "request_invalid"
    assert "top-secret" not in str(caught.value)


def test_no_repr_shows_a_key() -> None:
    pool = Pool(ORIGIN, headers={"authorization": "Bearer top-secret"})
    assert "top-secret" not in repr(pool) + repr(pool._heads)


def test_a_bad_default_header_is_refused_when_the_pool_is_made() -> None:
    with pytest.raises(Invalid) as caught:
        Pool(ORIGIN, headers={"authorization": "Bearer top-secret\n"})
    assert "top-secret" not in str(caught.value)
