"""Operations on keys: a customer's, and those of operators with their roles."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from solvent.app.business import Business
from solvent.console.members import DATE, WORD
from solvent.console.operation import Asked, Nothing, Operation, Page, PageQuery, page_of, reading
from solvent.identity import store as identity_store
from solvent.identity.caller import Role, Use
from solvent.identity.key import Key, NewKey, secret
from solvent.office.change_key import KeyChange, change_key
from solvent.office.issue_key import issue_key
from solvent.office.revoke_key import revoke_key
from solvent.office.rotate_key import Rotation, rotate_key
from solvent.values.ids import CustomerId, KeyId
from solvent.values.instant import HOUR_US, NEVER_US, instant, iso
from solvent.values.limits import KEY_ADDRESSES_MAX, KEY_MODELS_MAX, OVERLAP_HOURS, OVERLAP_HOURS_MAX

KeyState = Literal["good", "expired", "revoked"]
OperatorRole = Literal["owner", "finance", "support", "read_only"]


class KeyBody(msgspec.Struct, kw_only=True):
    """What may be told of a key. hint: its last characters. expires_at: null when it does not.

    models: the only ones it may ask; empty for all. addresses: the only ones it may be used from; empty for all.
    uses: all it may be used for; empty for everything. user_header: says whom it asks for; empty for none.
    """

    object: Literal["key"] = "key"
    id: str
    name: str
    role: Role
    customer: str | None
    hint: str
    state: KeyState
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    models: list[str]
    addresses: list[str]
    uses: list[Use]
    user_header: str


class IssuedKey(KeyBody, kw_only=True):
    """A new key. api_key is shown this once: a repetition of the request has null in its place."""

    api_key: str | None


class RotatedKey(IssuedKey, kw_only=True):
    """A key with its new secret. former_until: when the secret before ends; null where it has ended at once."""

    former_until: str | None


Label = Annotated[str, WORD, Meta(description="your word for it")]
Expiry = Annotated[
    str,
    DATE,
    Meta(description="until when it is good: 2027-01-01 (UTC), or 2027-01-01T09:00:00+09:00; for ever when left out"),
]


Models = Annotated[
    list[Annotated[str, WORD]],
    Meta(max_length=KEY_MODELS_MAX, description="the only models it may ask, by name; empty for all"),
]


Addresses = Annotated[
    list[Annotated[str, WORD]],
    Meta(max_length=KEY_ADDRESSES_MAX, description="the only ones it may be used from: 203.0.113.7, 2001:db8::/32"),
]


Uses = Annotated[list[Use], Meta(max_length=20, description="all that it may be used for; empty for everything")]
UserHeader = Annotated[
    str, WORD, Meta(description="its holder is trusted to say in this header whom it asks for: x-openwebui-user-id")
]


class NewCustomerKey(msgspec.Struct, forbid_unknown_fields=True):
    """A key for a customer."""

    name: Label = ""
    expires: Expiry | None = None
    models: Models = []
    addresses: Addresses = []
    uses: Uses = []
    user_header: UserHeader = ""


class ChangedKey(msgspec.Struct, forbid_unknown_fields=True):
    """What of a customer's key is to be different; what is left out stays."""

    models: Models | None = None
    addresses: Addresses | None = None
    uses: Uses | None = None
    user_header: UserHeader | None = None
    name: Label | None = None


class NewOperatorKey(msgspec.Struct, forbid_unknown_fields=True):
    """A key for somebody who helps to run the place."""

    role: Annotated[OperatorRole, Meta(description="what it may do; docs/api.md has the table")]
    name: Label = ""
    expires: Expiry | None = None


class NewSecret(msgspec.Struct, forbid_unknown_fields=True):
    """How a key gets a new secret."""

    overlap_hours: Annotated[
        int, Meta(ge=0, le=OVERLAP_HOURS_MAX, description="how long the secrets before stay good at most; 0: no longer")
    ] = OVERLAP_HOURS


def key_body(key: Key, now_us: int = 0) -> KeyBody:
    """A key as JSON, as it is at an instant."""
    return KeyBody(
        id=key.id, name=key.name, role=key.role, customer=key.customer, hint=key.hint, state=_state(key, now_us),
        created_at=iso(key.created_us),
        expires_at=None if key.expires_us == NEVER_US else iso(key.expires_us),
        revoked_at=iso(key.revoked_us) if key.revoked_us else None, models=list(key.models),
        addresses=list(key.addresses), uses=list(key.uses), user_header=key.user_header,
    )  # fmt: skip


def _state(key: Key, now_us: int) -> KeyState:
    if key.revoked_us:
        return "revoked"
    return "expired" if key.expires_us <= now_us else "good"


async def customer_keys(asked: Asked[PageQuery, Nothing]) -> Page[KeyBody]:
    """List a customer's keys, newest first."""
    id = CustomerId(asked.path["customer"])
    await asked.business.database.read(lambda connection: identity_store.known_customer(connection, id))
    return await _keys(id, asked)


async def operator_keys(asked: Asked[PageQuery, Nothing]) -> Page[KeyBody]:
    """List operators' keys, newest first."""
    return await _keys(None, asked)


async def _keys(customer: CustomerId | None, asked: Asked[PageQuery, Nothing]) -> Page[KeyBody]:
    query, business = asked.query, asked.business
    found = await business.database.read(
        lambda connection: identity_store.keys_page(connection, customer, query.cursor, query.limit + 1)
    )
    rows, cursor = page_of(found, query.limit, lambda key: key.id)
    now_us = business.now_us()
    return Page([key_body(key, now_us) for key in rows], cursor)


async def new_customer_key(asked: Asked[Nothing, NewCustomerKey]) -> IssuedKey:
    """Issue one more key to a customer; it is shown this once."""
    return await _issue("customer", CustomerId(asked.path["customer"]), asked.body, asked)


async def new_operator_key(asked: Asked[Nothing, NewOperatorKey]) -> IssuedKey:
    """Issue a key that runs the place, within its role; it is shown this once."""
    return await _issue(asked.body.role, None, asked.body, asked)


async def _issue(
    role: Role, customer: CustomerId | None, body: NewCustomerKey | NewOperatorKey,
    asked: Asked[Nothing, NewCustomerKey] | Asked[Nothing, NewOperatorKey],
) -> IssuedKey:  # fmt: skip
    business: Business = asked.business
    shown = secret(role, business.new_secret())
    expires_us = NEVER_US if body.expires is None else instant(body.expires, "expires")
    new = NewKey(role, customer, shown, business.entropy(), body.name, expires_us)
    if isinstance(body, NewCustomerKey):
        new = msgspec.structs.replace(
            new, models=tuple(body.models), addresses=tuple(body.addresses), uses=tuple(body.uses),
            user_header=body.user_header,
        )  # fmt: skip
    key, is_new = await issue_key(new, asked.act, business.database)
    known = msgspec.structs.asdict(key_body(key))
    return IssuedKey(**known, api_key=shown if is_new else None)


async def change_customer_key(asked: Asked[Nothing, ChangedKey]) -> KeyBody:
    """Change what a customer's key may do, from the next call on: which models it may ask, from where, and for what."""
    id, business = KeyId(asked.path["key"]), asked.business
    change = KeyChange(**msgspec.structs.asdict(asked.body))
    key, _ = await change_key(id, change, asked.act, business.database)
    return key_body(key, business.now_us())


async def rotate_customer_key(asked: Asked[Nothing, NewSecret]) -> RotatedKey:
    """Give a customer's key a new secret, shown this once; its id, budgets and limits stay."""
    return await _rotate("customer", asked, of_operators=False)


async def rotate_operator_key(asked: Asked[Nothing, NewSecret]) -> RotatedKey:
    """Give an operator's key a new secret, shown this once; its id and role stay."""
    return await _rotate("owner", asked, of_operators=True)


async def _rotate(role: Role, asked: Asked[Nothing, NewSecret], *, of_operators: bool) -> RotatedKey:
    business = asked.business
    shown = secret(role, business.new_secret())
    rotation = Rotation(KeyId(asked.path["key"]), shown, asked.body.overlap_hours * HOUR_US)
    made, is_new = await rotate_key(rotation, asked.act, business.database, of_operators=of_operators)
    known = msgspec.structs.asdict(key_body(made.key))
    former_until = iso(made.former_until_us) if asked.body.overlap_hours else None
    return RotatedKey(**known, api_key=shown if is_new else None, former_until=former_until)


async def revoke_customer_key(asked: Asked[Nothing, Nothing]) -> KeyBody:
    """Revoke a customer's key: from the next call on it opens nothing."""
    return await _revoke(asked, of_operators=False)


async def revoke_operator_key(asked: Asked[Nothing, Nothing]) -> KeyBody:
    """Revoke an operator's key. The last owner's key that is good stays: nobody could get in any more."""
    return await _revoke(asked, of_operators=True)


async def _revoke(asked: Asked[Nothing, Nothing], *, of_operators: bool) -> KeyBody:
    id = KeyId(asked.path["key"])
    key, _ = await revoke_key(id, asked.act, asked.business.database, of_operators=of_operators)
    return key_body(key)


LIST = reading("/v1/customers/{customer}/keys", "keys.read", customer_keys, PageQuery, Page[KeyBody])
ISSUE = Operation(
    "POST", "/v1/customers/{customer}/keys", "keys.write", new_customer_key, Nothing, NewCustomerKey, IssuedKey,
    touches_callers=True,
)  # fmt: skip
CHANGE = Operation(
    "POST", "/v1/keys/{key}", "keys.write", change_customer_key, Nothing, ChangedKey, KeyBody, touches_callers=True
)
ROTATE = Operation(
    "POST", "/v1/keys/{key}/rotate", "keys.write", rotate_customer_key, Nothing, NewSecret, RotatedKey,
    touches_callers=True,
)  # fmt: skip
REVOKE = Operation(
    "POST", "/v1/keys/{key}/revoke", "keys.write", revoke_customer_key, Nothing, Nothing, KeyBody, touches_callers=True
)
LIST_OPERATORS = reading("/v1/operators", "operators.read", operator_keys, PageQuery, Page[KeyBody])
ISSUE_OPERATOR = Operation(
    "POST", "/v1/operators", "operators.write", new_operator_key, Nothing, NewOperatorKey, IssuedKey,
    touches_callers=True,
)  # fmt: skip
ROTATE_OPERATOR = Operation(
    "POST", "/v1/operators/{key}/rotate", "operators.write", rotate_operator_key, Nothing, NewSecret, RotatedKey,
    touches_callers=True,
)  # fmt: skip
REVOKE_OPERATOR = Operation(
    "POST", "/v1/operators/{key}/revoke", "operators.write", revoke_operator_key, Nothing, Nothing, KeyBody,
    touches_callers=True,
)  # fmt: skip
OPERATIONS = (
    LIST, ISSUE, CHANGE, ROTATE, REVOKE, LIST_OPERATORS, ISSUE_OPERATOR, ROTATE_OPERATOR, REVOKE_OPERATOR,
)  # fmt: skip
