"""Secret keys: we keep only their SHA-256, so a stolen database opens nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from solvent.identity.address import read_networks
from solvent.identity.caller import USES, Role, Use, digest
from solvent.values.errors import Conflict, Invalid
from solvent.values.ids import CustomerId, KeyId, new_id
from solvent.values.instant import NEVER_US, iso
from solvent.values.limits import KEY_MODELS_MAX, NAME_CHARACTERS_MAX

SECRET_BYTES = 24
HINT_CHARACTERS = 4
_HEADER = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{NAME_CHARACTERS_MAX - 1}}}")
_SECRET_HEADERS = ("authorization", "cookie", "proxy-authorization", "x-api-key")
_JOINERS = "\u200c\u200d"  # inside words of some scripts, and in emoji


class Key(msgspec.Struct, frozen=True):
    """What may be told of a key. Its fields are the columns of `keys`, in their order, but the digest.

    hint: its last characters, to tell keys apart in lists. name: the operator's word for it, "" for none.
    expires_us: good until then. revoked_us: when it was taken back; 0 while it was not.
    models, addresses, uses, user_header: see `Caller`.
    """

    id: KeyId
    role: Role
    customer: CustomerId | None
    hint: str
    created_us: int
    name: str = ""
    expires_us: int = NEVER_US
    revoked_us: int = 0
    models: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()
    user_header: str = ""


class NewKey(msgspec.Struct, frozen=True):
    """A key to be issued. secret: made by `secret`; only its digest is kept. entropy: for its id."""

    role: Role
    customer: CustomerId | None
    secret: str
    entropy: int
    name: str = ""
    expires_us: int = NEVER_US
    models: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()
    user_header: str = ""

    def __repr__(self) -> str:
        return f"NewKey({self.role}, {self.customer}, ...{self.secret[-HINT_CHARACTERS:]})"


def secret(role: Role, entropy: bytes) -> str:
    """The key a person is given, once. Customers' and operators' are told apart at a glance."""
    assert len(entropy) == SECRET_BYTES, "a secret is made of SECRET_BYTES random bytes"
    return ("sk-solvent-" if role == "customer" else "op-solvent-") + entropy.hex()


def issue(new: NewKey, now_us: int) -> tuple[Key, bytes]:
    """The key to keep, and its digest. Raises Invalid for a bad name, limit or header, or an expiry past."""
    name = clean_name(new.name, "a key's name") if new.name else ""
    if new.expires_us <= now_us:
        message = f"expires: {iso(new.expires_us)} is past already; choose a later one, or none"
        raise Invalid("bad_expiry", message, param="expires")
    id = KeyId(new_id("key", now_us, new.entropy))
    hint = new.secret[-HINT_CHARACTERS:]
    key = Key(
        id, new.role, new.customer, hint, now_us, name, new.expires_us,
        models=clean_models(new.models), addresses=clean_addresses(new.addresses), uses=clean_uses(new.uses),
        user_header=clean_header(new.user_header),
    )  # fmt: skip
    return key, digest(new.secret.encode())


def demand_good(key: Key, now_us: int) -> None:
    """Raises Conflict for a key that opens nothing any more, so that nothing is to be changed about it."""
    if key.revoked_us or key.expires_us <= now_us:
        how = "was revoked" if key.revoked_us else f"expired at {iso(key.expires_us)}"
        raise Conflict("key_not_good", f"the key {key.id} {how}, for good; issue a new one", param="key")


def clean_models(models: Sequence[str]) -> tuple[str, ...]:
    """The models a key is limited to, each once. Raises Invalid for a name that is none, and for too many."""
    clean = tuple(dict.fromkeys(models))
    if len(clean) > KEY_MODELS_MAX:
        raise Invalid("bad_request", f"models: a key is limited to at most {KEY_MODELS_MAX}", param="models")
    for name in clean:
        if not 1 <= len(name) <= NAME_CHARACTERS_MAX or not name.isprintable() or name != name.strip():
            message = f"models: {name[:NAME_CHARACTERS_MAX]!r} is no name of a model; GET /v1/models lists them"
            raise Invalid("bad_request", message, param="models")
    return clean


def clean_addresses(addresses: Sequence[str]) -> tuple[str, ...]:
    """The addresses and networks a key is limited to, in their plain form. Raises Invalid."""
    return tuple(str(network) for network in read_networks(addresses, "addresses"))


def clean_uses(uses: Sequence[Use]) -> tuple[Use, ...]:
    """What a key is limited to, each once. Raises Invalid."""
    for use in uses:
        if use not in USES:
            raise Invalid("bad_request", f"uses: {use[:40]!r} is none of {', '.join(USES)}", param="uses")
    return tuple(dict.fromkeys(uses))


def clean_header(name: str) -> str:
    """The name of the header that says whom a key asks for, in small letters. Raises Invalid, for one of secrets too:
    what is in it stands on receipts."""
    clean = name.strip().lower()
    if clean and (clean in _SECRET_HEADERS or not _HEADER.fullmatch(clean)):
        message = f"user_header: {name[:40]!r} cannot say who a user is; name one like x-openwebui-user-id"
        raise Invalid("bad_request", message, param="user_header")
    return clean


def clean_name(name: str, whose: str) -> str:
    """A name without needless space. Raises Invalid for an empty or too long one, or one that cannot be printed."""
    clean = " ".join(name.split())
    if not clean or len(clean) > NAME_CHARACTERS_MAX:
        message = f"{whose} has 1 to {NAME_CHARACTERS_MAX} characters"
        raise Invalid("bad_name", message, param="name")
    if not all(character.isprintable() or character in _JOINERS for character in clean):
        raise Invalid("bad_name", f"{whose} has a character that cannot be printed; leave it out", param="name")
    return clean
