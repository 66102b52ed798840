"""An attempt to sign in, and by what it is counted, so that strangers who guess lock nobody out but themselves.

A browser that its owner signed in with before is counted by itself; any other by address and network; and one person's
strangers, wherever they are, only ever slower and slower.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import msgspec

from solvent.identity.caller import digest
from solvent.values.errors import Refused
from solvent.values.instant import US_PER_S
from solvent.values.limits import SIGN_IN_BACK_OFF_S_MAX, SIGN_IN_FAILURES_ANYWHERE


class Attempt(msgspec.Struct, frozen=True):
    """email: as it is looked up. place: the address it comes from. browser: its cookie, "" for none."""

    email: str
    place: str
    browser: str = ""

    def __repr__(self) -> str:
        return f"Attempt({self.email!r}, {self.place!r})"

    @property
    def by_browser(self) -> str:
        """What a known browser is counted by."""
        return f"{self.email} in {digest(self.browser.encode()).hex()}"

    @property
    def by_network(self) -> str:
        """What any other is counted by."""
        return f"{self.email} from {network_of(self.place)}"


def network_of(place: str) -> str:
    """Whose neighbours an address shares: /24 of IPv4, /56 of IPv6, which is what one household is given."""
    try:
        address = ip_address(place)
    except ValueError:
        return place
    return str(ip_network((address, 24 if address.version == 4 else 56), strict=False))


def begun_from(place: str) -> str:
    """What sign-ins are counted by that were begun and have not come to their end: a household is one place."""
    return f"begun {network_of(place) if ':' in place else place}"


def begun_in(browser: bytes) -> str:
    """The same of a browser that somebody signed in with before. browser: digest of its cookie."""
    return f"begun in {browser.hex()}"


def back_off_s(failed: int) -> int:
    """Seconds to wait after so many failures of strangers; 0 for few."""
    return min(max(failed - SIGN_IN_FAILURES_ANYWHERE, 0), SIGN_IN_BACK_OFF_S_MAX)


def too_often(until_us: int, now_us: int) -> Refused:
    """The error for whoever must wait."""
    wait_s = max(-(-(until_us - now_us) // US_PER_S), 1)
    wait = f"{-(-wait_s // 60)} min" if wait_s > 60 else f"{wait_s} s"
    return Refused("too_many_sign_ins", f"signing in failed too often; try again in {wait}", retry_after_s=wait_s)
