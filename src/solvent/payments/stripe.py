"""Stripe, through its official library: checkout pages, saved cards, refunds, signed webhooks.

Our order's id is in the metadata of everything we make there, and is the idempotency key of every call.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, Final, TypeVar

import msgspec
import stripe

from solvent.payments import failures
from solvent.payments import stripe_words as words
from solvent.payments.port import Checkout, Due, Event, Method, Payment, PaymentProcessor, Refund, Settings
from solvent.payments.stripe_wire import StripeWire
from solvent.payments.stripe_words import Charge, DisputeObject, Intent, Kept, RefundObject, Session
from solvent.values.errors import Refused
from solvent.values.instant import US_PER_S
from solvent.values.limits import PAYMENT_RETRIES_MAX, WEBHOOK_AGE_S_MAX
from solvent.values.money import Money, minor_units

BASE_URL: Final = "https://api.stripe.com"
_SIGNATURE: Final = "stripe-signature"
_FEE: Final = "latest_charge.balance_transaction"
_OF_ONE_PAYMENT_MAX: Final = 100  # refunds or disputes read of one payment
# All that the library may raise of a stranger's words: the last two for what is not ASCII or not UTF-8.
_NOT_SIGNED: Final = (stripe.SignatureVerificationError, ValueError, TypeError)

T = TypeVar("T")


def open_processor(settings: Settings) -> PaymentProcessor:
    """See `OpenProcessor`."""
    return Stripe(settings)


class Stripe:
    """One Stripe account."""

    is_bank = False

    def __init__(self, settings: Settings) -> None:
        if not settings.key:
            raise failures.no_secret(settings.rail, "key", "write env:NAME or file:PATH of the secret key")
        if not settings.webhook_secret.strip():
            raise failures.no_secret(settings.rail, "webhook_secret", "without it anybody could send webhooks")
        self.rail = settings.rail
        self.currencies = frozenset(settings.currencies)
        self._key = settings.key
        self._webhook_secret = settings.webhook_secret
        base_url = (settings.base_url or BASE_URL).rstrip("/")
        self._wire = StripeWire(base_url, settings.answer_s)
        self._client = stripe.StripeClient(
            settings.key,
            base_addresses={"api": base_url},
            http_client=self._wire,
            max_network_retries=PAYMENT_RETRIES_MAX,
        ).v1

    def __repr__(self) -> str:
        return f"Stripe({self.rail!r})"

    async def begin(self, due: Due) -> Checkout:
        """See `PaymentProcessor.begin`."""
        if not due.return_url:
            raise failures.no_return_url(self.rail)
        made = await self._ask(
            self._client.checkout.sessions.create_async(_checkout(due), {"idempotency_key": f"{due.order}.begin"}),
            Session,
        )
        return Checkout(made.id, made.url or "")

    async def confirm(self, due: Due, reference: str, given: Mapping[str, str]) -> Payment:
        """See `PaymentProcessor.confirm`. Nothing is left to do: Stripe has done it before the browser comes back."""
        if given.get("session_id", reference) != reference:
            raise failures.return_mismatch(self.rail, "session")
        return await self.look_up(due.order, reference)

    async def charge(self, due: Due, method: Method) -> Payment:
        """See `PaymentProcessor.charge`."""
        asked: dict[str, Any] = {
            "amount": minor_units(due.amount),
            "currency": due.amount.currency.lower(),
            "customer": method.owner,
            "payment_method": method.handle,
            "confirm": True,
            "off_session": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "description": due.name,
            "metadata": {words.ORDER: due.order},
            "expand": [_FEE],
        }
        call = self._client.payment_intents.create_async(asked, {"idempotency_key": f"{due.order}.charge"})
        try:
            intent = await self._ask(call, Intent)
        except _Declined as no:
            return Payment(due.order, "failed", no.payment, due.amount, why=no.why)
        return words.of_intent(intent, [], [])

    async def refund(self, payment: str, amount: Money, key: str, why: str) -> Refund:
        """See `PaymentProcessor.refund`."""
        asked = {
            "payment_intent": payment,
            "amount": minor_units(amount),
            "metadata": {words.REFUND: key, "why": why[:200]},
        }
        call = self._client.refunds.create_async(asked, {"idempotency_key": f"{key}.refund"})
        return words.of_refund(await self._ask(call, RefundObject))

    async def forget(self, method: Method) -> None:
        """See `PaymentProcessor.forget`. Stripe refuses to detach twice, so what is refused is looked at.

        Source: docs.stripe.com/api/payment_methods/detach, read 2026-11.
        """
        try:
            await self._ask(self._client.payment_methods.detach_async(method.handle), Kept)
        except _Declined as no:
            if not (no.is_missing or await self._is_detached(method.handle)):
                raise

    async def _is_detached(self, handle: str) -> bool:
        kept = await self._ask(self._client.payment_methods.retrieve_async(handle), Kept)
        return kept.customer is None

    async def look_up(self, order: str, reference: str) -> Payment:
        """See `PaymentProcessor.look_up`."""
        try:
            return await self._look_up(order, reference)
        except _Declined as no:
            if no.is_missing:
                return Payment(order, "none")
            raise

    async def _look_up(self, order: str, reference: str) -> Payment:
        if reference.startswith("cs_"):
            expand = [f"payment_intent.{_FEE}", "payment_intent.payment_method", "setup_intent.payment_method"]
            read = self._client.checkout.sessions.retrieve_async(reference, {"expand": expand})
            session = await self._ask(read, Session)
            intent = session.payment_intent if isinstance(session.payment_intent, Intent) else None
            return words.of_session(session, *await self._reversals(intent))
        if reference.startswith("pi_"):
            expand = [_FEE, "payment_method"]
            intent = await self._ask(self._client.payment_intents.retrieve_async(reference, {"expand": expand}), Intent)
            return words.of_intent(intent, *await self._reversals(intent))
        query = {"query": f"metadata['{words.ORDER}']:'{order}'", "limit": 1}
        found = await self._ask(self._client.payment_intents.search_async(query), _Found)
        return await self._look_up(order, found.data[0].id) if found.data else Payment(order, "none")

    def read_event(self, headers: Mapping[str, str], body: bytes, now_us: int) -> Event:
        """See `PaymentProcessor.read_event`."""
        signature = headers.get(_SIGNATURE, "")
        try:
            # The library would ask the system's clock for the age; it is asked below, of ours.
            stripe.WebhookSignature.verify_header(body, signature, self._webhook_secret, tolerance=None)
        except _NOT_SIGNED:
            raise failures.bad_signature(self.rail, "its signature is not of our secret") from None
        signed_s = int(next(part[2:] for part in signature.split(",") if part.startswith("t=")))
        if abs(now_us // US_PER_S - signed_s) > WEBHOOK_AGE_S_MAX:
            raise failures.bad_signature(self.rail, f"its signature is not of the last {WEBHOOK_AGE_S_MAX} seconds")
        try:
            return words.event(body)
        except failures.UNREADABLE as wrong:
            raise failures.unreadable_webhook(self.rail, str(wrong)) from None

    async def close(self) -> None:
        """See `PaymentProcessor.close`."""
        await self._wire.close_async()

    async def _reversals(self, intent: Intent | None) -> tuple[list[RefundObject], list[DisputeObject]]:
        """The refunds and disputes of a payment that was made; asked for only where there can be any."""
        refunds, disputes = _Refunds([]), _Disputes([])
        charge = intent.latest_charge if intent else None
        if intent is not None and isinstance(charge, Charge):
            asked = {"payment_intent": intent.id, "limit": _OF_ONE_PAYMENT_MAX}
            refunds = await self._ask(self._client.refunds.list_async(asked), _Refunds)
            if charge.disputed:
                disputes = await self._ask(self._client.disputes.list_async(asked), _Disputes)
        return refunds.data, disputes.data

    async def _ask(self, call: Awaitable[Any], kind: type[T]) -> T:
        try:
            return msgspec.convert((await call).to_dict(), kind)
        except (stripe.CardError, stripe.InvalidRequestError) as no:
            raise _Declined(self.rail, no, self._key) from None
        except (stripe.AuthenticationError, stripe.PermissionError) as no:
            raise failures.key_refused(self.rail, no.http_status or 0) from None
        except stripe.StripeError as wrong:
            what = _clean(wrong.user_message or type(wrong).__name__, self._key)
            raise failures.unavailable(self.rail, what, wrong.http_status) from None
        except msgspec.ValidationError as wrong:
            raise failures.garbage(self.rail, str(wrong)) from None


class _Declined(Refused):
    """Stripe or the bank says no. payment: the id of what failed, if it came to that. why: code and words.

    is_missing: there is no such thing at Stripe.
    """

    def __init__(self, rail: str, no: Any, key: str) -> None:
        error = (no.json_body or {}).get("error", {}) if isinstance(no.json_body, dict) else {}
        self.payment = str((error.get("payment_intent") or {}).get("id", ""))
        self.why = _clean(f"{error.get('decline_code') or no.code or 'refused'}: {no.user_message or ''}", key)
        self.is_missing = no.code == "resource_missing"
        refusal = failures.refused(rail, self.why)
        super().__init__(refusal.code, refusal.message)


class _Found(msgspec.Struct):
    data: list[Intent]


class _Refunds(msgspec.Struct):
    data: list[RefundObject]


class _Disputes(msgspec.Struct):
    data: list[DisputeObject]


def _checkout(due: Due) -> dict[str, Any]:
    """The page that a customer pays on, or leaves a card on when nothing is to be paid."""
    metadata = {words.ORDER: due.order}
    mark = "&" if "?" in due.return_url else "?"
    asked: dict[str, Any] = {
        "client_reference_id": due.order,
        "metadata": metadata,
        "success_url": f"{due.return_url}{mark}session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{due.return_url}{mark}canceled=1",
    }
    if due.expires_us:
        asked["expires_at"] = due.expires_us // US_PER_S
    if due.owner:
        asked["customer"] = due.owner
    elif due.save_method:
        asked["customer_creation"] = "always"
    currency = due.amount.currency.lower()
    if not due.amount.grains:
        return asked | {"mode": "setup", "currency": currency, "setup_intent_data": {"metadata": metadata}}
    line = {"currency": currency, "unit_amount": minor_units(due.amount), "product_data": {"name": due.name}}
    intent: dict[str, Any] = {"metadata": metadata, "description": due.name}
    if due.save_method:
        intent["setup_future_usage"] = "off_session"
    return asked | {
        "mode": "payment",
        "line_items": [{"price_data": line, "quantity": 1}],
        "payment_intent_data": intent,
        "adaptive_pricing": {"enabled": False},  # what is paid is exactly what was asked, in its currency
    }


def _clean(words_of_theirs: str, key: str) -> str:
    return words_of_theirs.replace(key, "our key")
