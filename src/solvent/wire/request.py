"""Request heads: line and headers as bytes, with everything that could smuggle a second request refused.

Default headers hold keys, so nothing here shows a header's value: not in repr, not in errors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from solvent.values.errors import Invalid
from solvent.wire.origin import Origin

__all__ = ["RequestHeads"]

PREFIXES_MAX = 256  # prepared request lines kept; a provider has a handful of paths
METHOD = re.compile(r"[A-Z]{1,16}")
TARGET = re.compile(r"/[\x21\x22\x24-\x7e]{0,8191}")
NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,16384}")
# Ours alone: they frame the message or promise an encoding that this client does not decode.
RESERVED = frozenset(
    (
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)


class RequestHeads:
    """Encodes heads for one origin. headers: sent with every request unless a request replaces them."""

    __slots__ = ("_defaults", "_origin", "_prefixes")

    def __init__(self, origin: Origin, headers: Mapping[str, str]) -> None:
        self._origin = origin
        self._defaults = {"user-agent": b"user-agent: solvent\r\n"} | _header_lines(headers)
        self._prefixes: dict[tuple[str, str], bytes] = {}

    def encode(self, method: str, path: str, headers: Mapping[str, str] | None, body_bytes: int) -> bytes:
        """The head of one request, blank line included. `path` is appended to the origin's prefix.

        Raises: Invalid request_invalid for anything that is not one clean request.
        """
        prefix = self._prefixes.get((method, path)) or self._prepare(method, path)
        if body_bytes and not headers:
            return b"%bcontent-length: %d\r\n\r\n" % (prefix, body_bytes)  # as nearly all are
        lines = b""
        if headers:
            own = _header_lines(headers)
            if self._defaults.keys().isdisjoint(own):
                lines = b"".join(own.values())
            else:
                prefix = self._request_line(method, path)
                lines = b"".join((self._defaults | own).values())
        if body_bytes or method not in ("GET", "HEAD"):
            return b"%b%bcontent-length: %d\r\n\r\n" % (prefix, lines, body_bytes)
        return b"%b%b\r\n" % (prefix, lines)

    def _prepare(self, method: str, path: str) -> bytes:
        prefix = self._request_line(method, path) + b"".join(self._defaults.values())
        if len(self._prefixes) >= PREFIXES_MAX:
            self._prefixes.clear()
        self._prefixes[method, path] = prefix
        return prefix

    def _request_line(self, method: str, path: str) -> bytes:
        if not METHOD.fullmatch(method):
            raise _invalid("the method is not 1 to 16 capital letters")
        target = self._origin.prefix + path
        if not path.startswith("/") or not TARGET.fullmatch(target):
            raise _invalid("the path must start with / and hold only visible ASCII without #")
        return (
            f"{method} {target} HTTP/1.1\r\nhost: {self._origin.authority}\r\naccept-encoding: identity\r\n"
        ).encode("ascii")


def _header_lines(headers: Mapping[str, str]) -> dict[str, bytes]:
    lines: dict[str, bytes] = {}
    for name, value in headers.items():
        if not NAME.fullmatch(name):
            raise _invalid("a header's name is not an HTTP token")
        key = name.lower()
        if key in RESERVED:
            raise _invalid(f"the header {key} is set by the wire itself; leave it out")
        if key in lines:
            raise _invalid(f"the header {key} is given twice")
        if not VALUE.fullmatch(value):
            raise _invalid(f"the value of the header {key} is too long or holds a control character")
        lines[key] = f"{key}: {value}\r\n".encode("latin-1")
    return lines


def _invalid(problem: str) -> Invalid:
    return Invalid("request_invalid", f"This request cannot be sent upstream: {problem}.")
