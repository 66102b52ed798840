"""A person with an account: somebody of a customer's, or one who helps to run the place."""

from __future__ import annotations

import re
from typing import Final, Literal, get_args

import msgspec

from solvent.identity.caller import Caller, Customer, Role
from solvent.values.errors import Invalid, Refused, Unauthenticated
from solvent.values.ids import CustomerId, KeyId, PersonId
from solvent.values.instant import NEVER_US
from solvent.values.limits import EMAIL_CHARACTERS_MAX, PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN

Language = Literal["ko", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
_EMAIL: Final = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f.]+(?:\.[^@\s\x00-\x1f\x7f.]+)+")


class Person(msgspec.Struct, frozen=True):
    """Who signs in. Its fields are the columns of `people`, in their order, but the password's.

    email: as it is looked up. role: "customer", or what an operator may do. customer: whose; None for operators.
    language: "" for what their browser asks for. closed_us: when the account was closed; 0 while it was not.
    confirmed_us: when they first opened a letter to their address; 0 while they did not.
    """

    id: PersonId
    email: str
    name: str
    role: Role
    customer: CustomerId | None
    language: str
    created_us: int
    closed_us: int = 0
    confirmed_us: int = 0


def caller_for(person: Person, customer: Customer | None) -> Caller:
    """How a person asks: their receipts and changes bear their id where a key's would be."""
    return Caller(KeyId(person.id), person.role, customer, NEVER_US)


def clean_email(text: str) -> str:
    """An address as it is looked up: small letters, no space around. Raises Invalid for what is none."""
    clean = text.strip().lower()
    if len(clean) > EMAIL_CHARACTERS_MAX or not _EMAIL.fullmatch(clean):
        raise Invalid("bad_email", "this is no e-mail address; write one like name@example.com", param="email")
    return clean


def check_password(text: str, email: str) -> None:
    """Raises Invalid for a password that is too short, too long, or the address itself (NIST SP 800-63B, 3.1.1.2)."""
    if not PASSWORD_CHARACTERS_MIN <= len(text) <= PASSWORD_CHARACTERS_MAX:
        message = f"a password has {PASSWORD_CHARACTERS_MIN} to {PASSWORD_CHARACTERS_MAX} characters"
        raise Invalid("bad_password", message, param="password")
    if text.strip().lower() in (email, email.partition("@")[0]) or len(set(text)) < 4:
        raise Invalid("weak_password", "this password is too easily guessed; choose another", param="password")


def wrong_password() -> Unauthenticated:
    """The error for whoever does not prove who they are; it never says what was wrong."""
    return Unauthenticated("wrong_password", "the address or the password is wrong; try again")


def demand_open(person: Person) -> None:
    """Raises Refused for an account that was closed."""
    if person.closed_us:
        raise Refused("account_closed", "this account was closed; sign up again, or ask the operator")
