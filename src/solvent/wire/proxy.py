"""Which proxy a request goes through, if any: as the environment or a setting says.

A proxy's address may hold a password, so nothing here shows one: not in repr, not in errors.
Source: https://curl.se/docs/manpage.html, "ENVIRONMENT" (2026-11), for the variables and what NO_PROXY matches.
"""

from __future__ import annotations

import ipaddress
import re
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

import msgspec

from solvent.values.errors import Invalid
from solvent.wire.origin import Origin

__all__ = ["Proxy", "proxies_in", "proxies_of", "proxy_for"]

VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
PORT = 80
URL_CHARACTERS_MAX = 2_048
AT_HOME = "localhost 127.0.0.0/8 ::1"  # where no proxy of the environment's leads
HOST = re.compile(r"[a-z0-9_.:-]{1,253}")


class Proxy(msgspec.Struct, frozen=True):
    """host: lower case, an IPv6 literal without brackets. user, password: decoded; empty for none."""

    host: str
    port: int
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Proxy({self.authority!r})"

    @classmethod
    def parse(cls, url: str) -> Proxy:
        """Read `http://[user:password@]host[:port]`. Raises Invalid proxy_invalid, without repeating the URL."""
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            host, port = parts.hostname or "", parts.port
            user, password = unquote(parts.username or "", "utf-8", "strict"), unquote(parts.password or "")
        except ValueError:
            raise _invalid("cannot be read") from None
        if len(url) > URL_CHARACTERS_MAX or not url.isprintable():
            raise _invalid("is too long or holds a control character")
        if parts.scheme != "http":
            raise _invalid("is not one of http://, the only kind that is spoken to")
        if not HOST.fullmatch(host) or port == 0 or parts.path.strip("/") or parts.query or parts.fragment:
            raise _invalid("is more or less than a host and a port")
        if ":" in user or not f"{user}{password}".isprintable():
            raise _invalid("has a user name with a colon, or a control character")
        return cls(host, port or PORT, user, password)

    @property
    def authority(self) -> str:
        """What errors show: never the user or the password."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        """What it knows us by."""
        if not self.user and not self.password:
            return {}
        return {"proxy-authorization": f"Basic {b64encode(f'{self.user}:{self.password}'.encode()).decode()}"}


def proxies_in(environment: Mapping[str, str]) -> dict[str, str]:
    """What an environment says of proxies, for `proxy_for`; lower-case names count before capital ones, and this
    machine's own addresses are never behind them."""
    found = {name: environment.get(name.lower()) or environment.get(name, "") for name in VARIABLES}
    return found | {"NO_PROXY": f"{found['NO_PROXY']} {AT_HOME}"}


def proxies_of(url: str) -> dict[str, str]:
    """One proxy for everything."""
    return {"ALL_PROXY": url}


def proxy_for(origin: Origin, proxies: Mapping[str, str]) -> Proxy | None:
    """The proxy on the way to an origin. Raises Invalid proxy_invalid."""
    url = proxies.get(f"{origin.scheme.upper()}_PROXY") or proxies.get("ALL_PROXY")
    if not url or _is_excepted(origin, proxies.get("NO_PROXY", "")):
        return None
    return Proxy.parse(url)


def _is_excepted(origin: Origin, without: str) -> bool:
    """Whether an entry names the origin: a host or the domain it is in, an address, a network, or * for all."""
    host = origin.host.rstrip(".")
    address = _network(host)
    for entry in without.lower().replace(",", " ").split():
        network = _network(entry)
        if entry == "*":
            return True
        if network is not None:
            if address is not None and address.version == network.version and _lies_in(address, network):
                return True
            continue
        name, _, port = entry.partition(":")
        name = name.lstrip(".")
        if name and (host == name or host.endswith(f".{name}")) and port in ("", str(origin.port)):
            return True
    return False


def _lies_in(
    address: ipaddress.IPv4Network | ipaddress.IPv6Network, network: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> bool:
    return address.network_address in network


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None


def _invalid(problem: str) -> Invalid:
    return Invalid(
        "proxy_invalid",
        f"The address of the proxy {problem}; write it like http://user:password@proxy.example.com:3128.",
    )
