"""One-time passwords, by the vectors of RFC 6238, and what is taken of them."""

from __future__ import annotations

from base64 import b32decode
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.identity.second_factor import (
    RECOVERY_BYTES,
    RECOVERY_CODES,
    recovery,
    recovery_codes,
    recovery_known_as,
)
from solvent.identity.totp import SECRET_BYTES, address_of, code_at, matching_step, spelled, step_of
from solvent.values.ids import PersonId
from solvent.values.instant import US_PER_S

SECRET = b"12345678901234567890"
KIM, LEE = PersonId("psn_kim"), PersonId("psn_lee")
# RFC 6238, appendix B; the seeds of the longer digests are as errata 2866 has them.
SEEDS = {"sha1": SECRET, "sha256": (SECRET * 2)[:32], "sha512": (SECRET * 4)[:64]}
VECTORS = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]


@pytest.mark.parametrize(("at_s", "sha1", "sha256", "sha512"), VECTORS)
def test_the_vectors_of_the_rfc(at_s: int, sha1: str, sha256: str, sha512: str) -> None:
    step = step_of(at_s * US_PER_S)
    for algorithm, code in (("sha1", sha1), ("sha256", sha256), ("sha512", sha512)):
        assert code_at(SEEDS[algorithm], step, 8, algorithm) == code
    assert code_at(SECRET, step) == sha1[-6:]


@given(st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES), st.integers(0, 10**16), st.integers(-3, 3))
def test_a_clock_may_be_off_by_one_step_and_no_more(secret: bytes, now_us: int, off: int) -> None:
    step = max(step_of(now_us) + off, 0)
    found = matching_step(secret, code_at(secret, step), now_us)
    near = {code_at(secret, one) for one in range(max(step_of(now_us) - 1, 0), step_of(now_us) + 2)}
    assert (found is not None) == (code_at(secret, step) in near)
    if abs(off) <= 1:
        assert found is not None


@given(st.integers(10**12, 10**16))
def test_a_code_is_taken_once_and_none_before_it(now_us: int) -> None:
    now = step_of(now_us)
    taken = matching_step(SECRET, code_at(SECRET, now), now_us)
    assert taken is not None
    assert matching_step(SECRET, code_at(SECRET, now), now_us, taken) in (None, now + 1)  # the next may be the same
    assert matching_step(SECRET, code_at(SECRET, now - 1), now_us, now + 1) is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16", "000000 "])
def test_what_is_no_code(code: str) -> None:
    assert matching_step(SECRET, code, 59 * US_PER_S) is None


def test_what_a_phone_reads() -> None:
    parts = urlsplit(address_of(SECRET, "가온 AI", "kim+1@example.com"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parts.path == "/%EA%B0%80%EC%98%A8%20AI:kim%2B1%40example.com"
    assert parse_qs(parts.query) == {"secret": [spelled(SECRET)], "issuer": ["가온 AI"]}
    assert b32decode(spelled(SECRET)) == SECRET


@given(st.binary(min_size=RECOVERY_CODES * RECOVERY_BYTES, max_size=RECOVERY_CODES * RECOVERY_BYTES))
def test_recovery_codes_are_found_however_they_are_typed_by_their_owner_alone(random: bytes) -> None:
    codes = recovery_codes(random)
    assert len(codes) == RECOVERY_CODES
    for code in codes:
        assert len(code) == 19
        kept = recovery(KIM, code, 1)
        assert kept.known_as == recovery_known_as(KIM, code.lower().replace("-", " "))
        assert kept.known_as != recovery_known_as(LEE, code)
        assert code not in repr(kept)
        assert code.replace("-", "") not in kept.known_as.upper()
