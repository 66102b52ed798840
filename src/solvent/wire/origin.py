"""Where an upstream lives: scheme, host, port and path prefix, checked once when it is configured.

A base URL with a user name in it is refused, because URLs end up in logs and error messages.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Literal, cast
from urllib.parse import urlsplit

import msgspec

from solvent.values.errors import Invalid

__all__ = ["Origin"]

URL_CHARACTERS_MAX = 2_048
DEFAULT_PORTS = {"http": 80, "https": 443}
VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+")
HOST_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")


class Origin(msgspec.Struct, frozen=True):
    """host: lower case, an IPv6 literal without brackets. prefix: "" or "/..." without a slash at its end."""

    scheme: Literal["http", "https"]
    host: str
    port: int
    prefix: str = ""

    @classmethod
    def parse(cls, base_url: str) -> Origin:
        """Read `http(s)://host[:port][/prefix]`.

        Raises: Invalid base_url_invalid. The message never repeats the URL: it may hold a password.
        """
        if not base_url:
            raise _invalid("is missing")
        if len(base_url) > URL_CHARACTERS_MAX or not VISIBLE_ASCII.fullmatch(base_url):
            raise _invalid(f"is not 1 to {URL_CHARACTERS_MAX} visible ASCII characters")
        try:
            parts = urlsplit(base_url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise _invalid("has a host or port that cannot be read") from None
        if parts.scheme not in DEFAULT_PORTS:
            raise _invalid("starts with neither http:// nor https://")
        if "@" in parts.netloc:
            raise _invalid("carries a user name or password; send keys as headers")
        if "?" in base_url or "#" in base_url:
            raise _invalid("has a query or a fragment; leave only the path")
        if not host or not _is_host(host, bracketed="[" in parts.netloc):
            raise _invalid("has no valid host name or address")
        if port == 0:
            raise _invalid("names port 0")
        return cls(
            scheme=cast(Literal["http", "https"], parts.scheme),
            host=host,
            port=port or DEFAULT_PORTS[parts.scheme],
            prefix=parts.path.rstrip("/"),
        )

    @property
    def authority(self) -> str:
        """What the host header and error messages show: brackets for IPv6, no default port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def _is_host(host: str, *, bracketed: bool) -> bool:
    if not bracketed:
        return HOST_NAME.fullmatch(host) is not None
    try:
        return "%" not in host and ipaddress.ip_address(host).version == 6
    except ValueError:
        return False


def _invalid(problem: str) -> Invalid:
    return Invalid(
        "base_url_invalid",
        f'The base URL {problem}; write it like base_url = "https://api.example.com/v1".',
        param="base_url",
    )
