"""Time-based one-time passwords, as authenticator apps show them: six digits, another every thirty seconds.

Source: RFC 6238 over RFC 4226 (HOTP), with SHA-1, which is the only digest that all apps know.
"""

from __future__ import annotations

import hmac
from base64 import b32encode
from typing import Final
from urllib.parse import quote, urlencode

from solvent.values.instant import US_PER_S

STEP_S: Final = 30
DIGITS: Final = 6
SECRET_BYTES: Final = 20  # as long as the digest: RFC 4226, section 4, R6
DRIFT_STEPS: Final = 1  # that a clock may be off, either way: RFC 6238, section 5.2


def step_of(now_us: int) -> int:
    """Which step an instant is in."""
    return now_us // (STEP_S * US_PER_S)


def code_at(secret: bytes, step: int, digits: int = DIGITS, algorithm: str = "sha1") -> str:
    """The code of a step."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), algorithm).digest()
    at = digest[-1] & 15
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def matching_step(secret: bytes, code: str, now_us: int, after: int = -1) -> int | None:
    """The step that a code is of, now or one step before or after; None for a wrong one.

    after: the last step whose code was taken: neither it nor one before is good again.
    """
    now = step_of(now_us)
    found = None
    for step in range(max(now - DRIFT_STEPS, 0), now + DRIFT_STEPS + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()) and step > after:
            found = step
    return found


def spelled(secret: bytes) -> str:
    """A secret as it is typed into an app."""
    return b32encode(secret).decode().rstrip("=")


def address_of(secret: bytes, house: str, email: str) -> str:
    """What apps read off a QR code. Source: github.com/google/google-authenticator/wiki/Key-Uri-Format."""
    return f"otpauth://totp/{quote(house)}:{quote(email)}?{urlencode({'secret': spelled(secret), 'issuer': house})}"
