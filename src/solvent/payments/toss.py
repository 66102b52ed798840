"""Toss Payments over its Core API: payments in its window, billing keys, cancels, and webhooks that only hint.

Its webhooks about payments are not signed, so nothing they say is believed: they name an order to ask about.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Final, TypeVar
from urllib.parse import quote

import msgspec

from solvent.payments import failures
from solvent.payments import toss_words as words
from solvent.payments.port import Checkout, Due, Event, Method, Payment, PaymentProcessor, Refund, Settings, Window
from solvent.payments.toss_words import Billing, Forgotten, Problem, TossPayment
from solvent.values.errors import Refused, Unavailable
from solvent.values.limits import PAYMENT_ANSWER_BYTES_MAX, PAYMENT_CONNECTIONS_MAX, PAYMENT_RETRIES_MAX
from solvent.values.money import Money, minor_units, plain
from solvent.wire.origin import Origin
from solvent.wire.pool import Pool, Timeouts

BASE_URL: Final = "https://api.tosspayments.com"
# Its SDK, version 2, opened in the same tab (windowTarget "self"), so that no frame of theirs is let in. Toss' guides
# name the script and list no other origins: those it asks are as others have seen in browsers, of live and test keys.
# Source: docs.tosspayments.com/sdk/v2/js (script, requestPayment, requestBillingAuth, windowTarget), read 2026-11.
WINDOW: Final = Window(
    opener="pay_toss",
    script="https://js.tosspayments.com/v2/standard",
    asks=tuple(f"https://{host}.tosspayments.com" for host in ("apigw", "apigw-sandbox", "event", "log")),
    leads_to=tuple(f"https://{host}.tosspayments.com" for host in ("payment-gateway", "payment-gateway-sandbox")),
)
_NOT_FOUND: Final = frozenset({"NOT_FOUND_PAYMENT", "NOT_FOUND"})
_FORGOTTEN: Final = frozenset({"NOT_FOUND_BILLING", "NOT_FOUND_BILLING_KEY"})
_KEY_CODES: Final = frozenset(
    {"UNAUTHORIZED_KEY", "INVALID_API_KEY", "INCORRECT_BASIC_AUTH_FORMAT", "FORBIDDEN_REQUEST"}
)
# A refusal that may follow a success, or is none: the payment itself says which.
_UNSURE: Final = frozenset(
    {
        "ALREADY_PROCESSED_PAYMENT", "ALREADY_CANCELED_PAYMENT", "DUPLICATED_ORDER_ID", "PROVIDER_ERROR",
        "IDEMPOTENT_REQUEST_PROCESSING", "FORBIDDEN_CONSECUTIVE_REQUEST", "FAILED_INTERNAL_SYSTEM_PROCESSING",
        "FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING", "FAILED_DB_PROCESSING", "CARD_PROCESSING_ERROR",
        "UNKNOWN_PAYMENT_ERROR", "COMMON_ERROR",
    }
)  # fmt: skip

T = TypeVar("T")


def open_processor(settings: Settings) -> PaymentProcessor:
    """See `OpenProcessor`."""
    return Toss(settings)


class _No(Exception):
    """Toss answered with a problem. unsure: it may have happened all the same."""

    def __init__(self, status: int, problem: Problem) -> None:
        super().__init__(problem.code)
        self.status = status
        self.code = problem.code
        self.why = f"{problem.code}: {problem.message}"
        self.unsure = status >= 500 or status in (409, 429) or problem.code in _UNSURE


class Toss:
    """One merchant id (MID) at Toss Payments."""

    is_bank = False

    def __init__(self, settings: Settings) -> None:
        if not settings.key:
            raise failures.no_secret(settings.rail, "key", "write env:NAME or file:PATH of the secret key")
        if not settings.client_key:
            raise failures.no_secret(settings.rail, "client_key", "the payment window needs it")
        self.rail = settings.rail
        self.currencies = frozenset(settings.currencies)
        self._client_key = settings.client_key
        self._secret = settings.key
        timeouts = Timeouts(first_byte_s=settings.answer_s, silence_s=settings.answer_s, total_s=settings.answer_s)
        proof = b64encode(f"{settings.key}:".encode()).decode()
        self._pool = Pool(
            Origin.parse((settings.base_url or BASE_URL).rstrip("/")),
            headers={"authorization": f"Basic {proof}", "content-type": "application/json"},
            connections_max=PAYMENT_CONNECTIONS_MAX,
            timeouts=timeouts,
        )

    def __repr__(self) -> str:
        return f"Toss({self.rail!r})"

    async def begin(self, due: Due) -> Checkout:
        """See `PaymentProcessor.begin`. The parameters are those of Toss' window, opened by its own script."""
        if not due.return_url:
            raise failures.no_return_url(self.rail)
        minor_units(due.amount)  # raises for what cannot be paid
        parameters = {
            "flow": "billing" if due.save_method else "payment",
            "clientKey": self._client_key,
            "customerKey": due.customer,
            "successUrl": due.return_url,
            "failUrl": due.return_url,
        }
        if not due.save_method:
            parameters |= {
                "orderId": due.order,
                "orderName": due.name,
                "amount": plain(due.amount),
                "currency": due.amount.currency,
            }
        return Checkout(parameters=parameters, window=WINDOW)

    async def confirm(self, due: Due, reference: str, given: Mapping[str, str]) -> Payment:
        """See `PaymentProcessor.confirm`. What is paid is the order's amount, never the address's."""
        if given.get("authKey"):
            return await self._save_and_charge(due, given)
        if not given.get("paymentKey"):
            return await self.look_up(due.order, reference)
        if given.get("orderId") != due.order:
            raise failures.return_mismatch(self.rail, "orderId")
        if given.get("amount") != plain(due.amount):
            raise failures.return_mismatch(self.rail, "amount")
        body = {"paymentKey": given["paymentKey"], "orderId": due.order, "amount": _number(due.amount)}
        try:
            read = await self._post("/v1/payments/confirm", body, _once("confirm", due.order, body), TossPayment)
        except _No as no:
            stands = await self.look_up(due.order, "")
            if stands.state in ("none", "open") and no.unsure:
                raise failures.unavailable(self.rail, no.why, no.status) from None
            # The order can still be paid another way; this try of it failed.
            return stands if stands.state != "none" else Payment(due.order, "open", amount=due.amount, why=no.why)
        return words.of_payment(read)

    async def charge(self, due: Due, method: Method) -> Payment:
        """See `PaymentProcessor.charge`."""
        body = {
            "customerKey": method.owner,
            "amount": _number(due.amount),
            "orderId": due.order,
            "orderName": due.name,
        }
        try:
            read = await self._post(f"/v1/billing/{_path(method.handle)}", body, f"{due.order}.charge", TossPayment)
        except _No as no:
            stands = await self.look_up(due.order, "")
            if stands.state in ("none", "open"):
                if no.unsure:
                    raise failures.unavailable(self.rail, no.why, no.status) from None
                return Payment(due.order, "failed", amount=due.amount, why=no.why)
            return stands
        return words.of_payment(read)

    async def refund(self, payment: str, amount: Money, key: str, why: str) -> Refund:
        """See `PaymentProcessor.refund`."""
        body: dict[str, object] = {"cancelReason": words.reason(why, key), "cancelAmount": _number(amount)}
        if amount.currency != "KRW":
            body["currency"] = amount.currency
        refusal: Refused | Unavailable = failures.garbage(self.rail, "a canceled payment without the cancel")
        try:
            read = await self._post(f"/v1/payments/{_path(payment)}/cancel", body, f"{key}.refund", TossPayment)
            stands = words.of_payment(read)
        except _No as no:
            # Of one that is canceled already, the payment shows whether it was by us.
            unsure = no.unsure and no.code != "ALREADY_CANCELED_PAYMENT"
            refusal = (failures.unavailable if unsure else failures.refused)(self.rail, no.why)
            stands = await self.look_up("", payment)
        found = [refund for refund in stands.refunds if refund.key == key]
        if not found:
            raise refusal
        return found[-1]

    async def forget(self, method: Method) -> None:
        """See `PaymentProcessor.forget`. An address that Toss does not know is no such answer, and raises.

        Source: how public programs call it (2026-11); its own page was not at hand, so try it with a test key.
        """
        try:
            await self._send("DELETE", f"/v1/billing/{_path(method.handle)}", b"", {}, Forgotten)
        except _No as no:
            if no.code not in _FORGOTTEN:
                raise failures.unavailable(self.rail, no.why, no.status) from None

    async def look_up(self, order: str, reference: str) -> Payment:
        """See `PaymentProcessor.look_up`."""
        path = f"/v1/payments/orders/{_path(order)}" if order else f"/v1/payments/{_path(reference)}"
        try:
            return words.of_payment(await self._send("GET", path, b"", {}, TossPayment))
        except _No as no:
            if no.code in _NOT_FOUND:
                return Payment(order, "none")
            raise failures.unavailable(self.rail, no.why, no.status) from None

    def read_event(self, headers: Mapping[str, str], body: bytes, now_us: int) -> Event:
        """See `PaymentProcessor.read_event`. What it returns is unproven, and says so."""
        try:
            return words.event(words.transmission(dict(headers)), body)
        except failures.UNREADABLE as wrong:
            raise failures.unreadable_webhook(self.rail, str(wrong)) from None

    async def close(self) -> None:
        """See `PaymentProcessor.close`."""
        await self._pool.close()

    async def _save_and_charge(self, due: Due, given: Mapping[str, str]) -> Payment:
        if given.get("customerKey") != due.customer:
            raise failures.return_mismatch(self.rail, "customerKey")
        body = {"authKey": given["authKey"], "customerKey": due.customer}
        try:
            key = _once("issue", due.order, body)
            billing = await self._post("/v1/billing/authorizations/issue", body, key, Billing)
        except _No as no:
            if no.unsure:
                raise failures.unavailable(self.rail, no.why, no.status) from None
            return Payment(due.order, "failed", amount=due.amount, why=no.why)
        method = words.of_billing(billing)
        if not due.amount.grains:
            return Payment(due.order, "paid", f"{due.order}.saved", due.amount, method=method)
        payment = await self.charge(due, method)
        return msgspec.structs.replace(payment, method=method)

    async def _post(self, path: str, body: Mapping[str, object], key: str, kind: type[T]) -> T:
        """Post once for each key, trying again at once when only the network failed."""
        encoded = msgspec.json.encode(body)
        for _ in range(PAYMENT_RETRIES_MAX):
            try:
                return await self._send("POST", path, encoded, {"idempotency-key": key}, kind)
            except Unavailable as failure:
                if failure.code != "processor_unavailable":
                    raise
        return await self._send("POST", path, encoded, {"idempotency-key": key}, kind)

    async def _send(self, method: str, path: str, body: bytes, headers: dict[str, str], kind: type[T]) -> T:
        try:
            reply = await self._pool.send(method, path, headers, body)
            answer = await reply.read(PAYMENT_ANSWER_BYTES_MAX)
        except Unavailable as failure:
            raise failures.unavailable(self.rail, failure.message) from None
        try:
            if reply.status in (200, 204):
                return msgspec.json.decode(answer or b"{}", type=kind)
            problem = msgspec.json.decode(answer, type=Problem)
        except failures.UNREADABLE as wrong:
            if reply.status >= 500:
                raise failures.unavailable(self.rail, f"status {reply.status}", reply.status) from None
            raise failures.garbage(self.rail, str(wrong)) from None
        if reply.status == 401 or problem.code in _KEY_CODES:
            raise failures.key_refused(self.rail, reply.status)
        problem.message = problem.message.replace(self._secret, "our key")
        raise _No(reply.status, problem)


def _once(what: str, order: str, body: Mapping[str, object]) -> str:
    """An idempotency key for one try: a customer may try again with another card, and that is another request."""
    return f"{order}.{what}.{sha256(msgspec.json.encode(body)).hexdigest()[:32]}"


def _path(id: str) -> str:
    """An id as one piece of a path, whatever is in it."""
    return quote(id, safe="")


def _number(amount: Money) -> msgspec.Raw:
    """The amount as a JSON number of whole units, exactly. Raises Invalid for what cannot be paid."""
    minor_units(amount)
    return msgspec.Raw(plain(amount).encode())
