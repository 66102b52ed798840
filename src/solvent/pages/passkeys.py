"""Passkeys as browsers speak of them (WebAuthn): what they are asked, and whether what they sign is right.

The library is imported where somebody uses one; checking takes a millisecond of a core, in a thread.
"""

from __future__ import annotations

import asyncio
import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec

from solvent.identity.credential import Credential
from solvent.identity.passkey import Made, Signed, passkey_wrong
from solvent.identity.person import Person
from solvent.identity.ticket import CHALLENGE_US

log = logging.getLogger("solvent.people")

_TIMEOUT_MS = CHALLENGE_US // 1000
_PORTS = {"http": 80, "https": 443}


class _Response(msgspec.Struct, rename={"client_data": "clientDataJSON", "user_handle": "userHandle"}):
    client_data: str
    user_handle: str = ""


class _Sent(msgspec.Struct):
    id: str
    response: _Response


class _ClientData(msgspec.Struct):
    challenge: str


class Party(msgspec.Struct, frozen=True):
    """Whom passkeys are for. id: the host they hang on. origin: where pages are, and nowhere else."""

    id: str
    origin: str
    house: str

    def to_make(self, person: Person, challenge: str, known: Iterable[Credential]) -> bytes:
        """What a browser is asked in order to make one, as JSON. known: those that are there already."""
        from webauthn import generate_registration_options, options_to_json  # few need it
        from webauthn.helpers import structs

        wanted = structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        )
        options = generate_registration_options(
            rp_id=self.id, rp_name=self.house, user_name=person.email, user_id=person.id.encode(),
            user_display_name=person.name or person.email, challenge=_bytes(challenge), timeout=_TIMEOUT_MS,
            authenticator_selection=wanted,
            exclude_credentials=[structs.PublicKeyCredentialDescriptor(_bytes(one.known_as)) for one in known],
        )  # fmt: skip
        return options_to_json(options).encode()

    def to_sign(self, challenge: str) -> bytes:
        """What a browser is asked in order to sign in by one, as JSON: whichever its owner chooses."""
        from webauthn import generate_authentication_options, options_to_json
        from webauthn.helpers.structs import UserVerificationRequirement

        options = generate_authentication_options(
            rp_id=self.id, challenge=_bytes(challenge), timeout=_TIMEOUT_MS,
            user_verification=UserVerificationRequirement.REQUIRED,
        )  # fmt: skip
        return options_to_json(options).encode()

    async def check_new(self, signed: Signed) -> Made:
        """A new one, if it is right. Raises Refused."""
        return await asyncio.to_thread(self._check_new, signed)

    async def check_signed(self, signed: Signed, kept: Credential) -> int:
        """The new counter of one that is kept, if what it signed is right. Raises Refused."""
        return await asyncio.to_thread(self._check_signed, signed, kept)

    def _check_new(self, signed: Signed) -> Made:
        from webauthn import verify_registration_response
        from webauthn.helpers.exceptions import WebAuthnException

        try:
            made = verify_registration_response(
                credential=signed.said.decode(), expected_challenge=_bytes(signed.challenge), expected_rp_id=self.id,
                expected_origin=self.origin, require_user_verification=True,
            )  # fmt: skip
        except (WebAuthnException, *_MISREAD) as wrong:
            raise _refused(wrong) from None
        return Made(_text(made.credential_id), _text(made.credential_public_key), made.sign_count)

    def _check_signed(self, signed: Signed, kept: Credential) -> int:
        from webauthn import verify_authentication_response
        from webauthn.helpers.exceptions import WebAuthnException

        try:
            done = verify_authentication_response(
                credential=signed.said.decode(), expected_challenge=_bytes(signed.challenge), expected_rp_id=self.id,
                expected_origin=self.origin, credential_public_key=_bytes(kept.secret),
                credential_current_sign_count=kept.counter, require_user_verification=True,
            )  # fmt: skip
        except (WebAuthnException, *_MISREAD) as wrong:
            raise _refused(wrong) from None
        return done.new_sign_count


_MISREAD = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, EOFError, RecursionError)


def party_of(public_url: str, house: str) -> Party | None:
    """Whom passkeys are for; None where browsers would make none: they hang on a name, never on an address."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""  # in small letters, as browsers say it; they leave out a scheme's own port
    if not host or parts.scheme not in _PORTS or _is_address(host):
        return None
    port = f":{parts.port}" if parts.port not in (None, _PORTS[parts.scheme]) else ""
    return Party(host, f"{parts.scheme}://{host}{port}", house)


def signed_of(body: bytes) -> Signed:
    """What a browser sent of a passkey, to be checked. Raises Refused for what is none."""
    try:
        sent = msgspec.json.decode(body, type=_Sent)
        client = msgspec.json.decode(_bytes(sent.response.client_data), type=_ClientData)
        return Signed(sent.id, client.challenge, _bytes(sent.response.user_handle).decode(), body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise passkey_wrong() from None


def _refused(wrong: Exception) -> Exception:
    log.warning("a passkey is not right: %s", type(wrong).__name__)
    return passkey_wrong()


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
