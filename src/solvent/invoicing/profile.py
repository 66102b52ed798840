"""Whom a document is made out to, and how they are taxed. Dated: a document holds the profile of its day."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from solvent.invoicing.tax import Tax, check_tax
from solvent.values.errors import Invalid
from solvent.values.ids import CustomerId
from solvent.values.money import minor_digits

Language = Literal["ko", "en"]
EVERYBODY = CustomerId("")  # the profile of customers that have none of their own

_Text = Annotated[str, Meta(max_length=200)]
_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)
_COUNTRY = re.compile(r"[A-Z]{2}\Z")


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """In force from `since_us` until the next of the same customer.

    registration_number: of the business, for its taxes; in Korea ten digits. country: ISO 3166, such as KR.
    vat_currency: what the VAT is owed to the authorities in.
    """

    customer: CustomerId = EVERYBODY
    since_us: int = 0
    legal_name: _Text = ""
    registration_number: Annotated[str, Meta(max_length=40)] = ""
    address: Annotated[str, Meta(max_length=400)] = ""
    country: str = "KR"
    language: Language = "ko"
    email: _Text = ""
    tax: Tax = Tax()
    vat_currency: str = "KRW"


def check_profile(profile: Profile) -> Profile:
    """The profile with its numbers in their plain form. Raises Invalid naming the field."""
    check_tax(profile.tax)
    minor_digits(profile.vat_currency)
    if not _COUNTRY.match(profile.country):
        message = f"country: {profile.country[:10]!r} is not two letters like KR"
        raise Invalid("bad_country", message, param="country")
    number = re.sub(r"[\s-]", "", profile.registration_number)
    if number and profile.country == "KR" and not is_korean_business(number):
        message = f"registration_number: {profile.registration_number!r} is no Korean business number; check its digits"
        raise Invalid("bad_registration_number", message, param="registration_number")
    if profile.tax.treatment == "reverse_charge" and not number:
        message = "registration_number: under reverse charge the customer's own is needed; it goes on the invoice"
        raise Invalid("bad_registration_number", message, param="registration_number")
    clean = {name: " ".join(getattr(profile, name).split()) for name in ("legal_name", "address", "email")}
    return msgspec.structs.replace(profile, registration_number=number, **clean)


def is_korean_business(digits: str) -> bool:
    """Whether ten digits are a Korean business registration number: the last one checks the others.

    Source: the weights 1 3 7 1 3 7 1 3 5 of the National Tax Service, the tens of the ninth product counted too.
    """
    if len(digits) != 10 or not (digits.isascii() and digits.isdigit()):
        return False
    products = [int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False)]
    return (sum(products) + products[8] // 10 + int(digits[9])) % 10 == 0


def registration_text(profile: Profile) -> str:
    """As printed: 123-45-67891 in Korea, as it is elsewhere."""
    number = profile.registration_number
    if profile.country == "KR" and len(number) == 10:
        return f"{number[:3]}-{number[3:5]}-{number[5:]}"
    return number
