"""Stripe as its documentation describes it, for the calls that are made there: form bodies, expansion, signed events.

Source: docs.stripe.com/api, version 2026-10-28, read 2026-11.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from tests.payments.processor_server import Answer, ProcessorServer, Refusal, Request, Webhook

KEY = "sk_test_51Solvent"
WEBHOOK_SECRET = "whsec_of_the_tests"
GOOD, DECLINED, DIES = "pm_good", "pm_declined", "pm_dies"
Thing = dict[str, Any]


def sign(body: bytes, secret: str = WEBHOOK_SECRET, at_s: int | None = None) -> dict[str, str]:
    """The header of a webhook, as Stripe signs it."""
    at = int(time.time()) if at_s is None else at_s
    signature = hmac.new(secret.encode(), f"{at}.".encode() + body, sha256).hexdigest()
    return {"stripe-signature": f"t={at},v1={signature}"}


@dataclass
class StripeServer(ProcessorServer):
    """things: every object, by id. takes_other: what a payment takes instead of what was asked: amount, currency.

    clock: gives the second at which webhooks are signed. fee_permille: what is kept; late_fees: told later only.
    """

    things: dict[str, Thing] = field(default_factory=dict)
    takes_other: dict[str, Any] = field(default_factory=dict)
    at_s: int = 0
    fee_permille: int = 34
    late_fees: bool = False
    refunds_pend: bool = False
    told: int = 0

    # What customers, banks and other people do

    def pay(self, session: str, card: str = GOOD) -> Thing:
        """A customer pays a checkout, or tries to; or leaves a card in it."""
        checkout = self.things[session]
        if checkout["mode"] == "setup":
            return self._leave_card(checkout, card)
        asked = checkout["asked"]
        intent = self._intent(
            int(checkout["amount_total"]),
            checkout["currency"],
            asked["payment_intent_data"],
            checkout["customer"],
            card,
        )
        checkout["payment_intent"] = intent["id"]
        if intent["status"] == "succeeded":
            checkout |= {"status": "complete", "payment_status": "paid"}
            self._tell("checkout.session.completed", checkout)
        return intent

    def pay_elsewhere(self, amount: int, currency: str, order: str) -> Thing:
        """Somebody pays in another shop of the same account, which names an order of ours."""
        return self._intent(amount, currency, {"metadata": {"solvent_order": order}}, None, GOOD)

    def expire(self, session: str) -> None:
        """Nobody paid in time."""
        self.things[session]["status"] = "expired"
        self._tell("checkout.session.expired", self.things[session])

    def refund_there(self, intent: str, amount: int) -> Thing:
        """Somebody refunds in the dashboard."""
        return self._refund({"payment_intent": intent, "amount": amount, "metadata": {}})

    def end_refund(self, refund: str, status: str) -> None:
        """A refund that was pending, or done, ends otherwise."""
        self.things[refund] |= {"status": status, "failure_reason": "lost_or_stolen_card"}
        self._tell("refund.failed" if status == "failed" else "refund.updated", self.things[refund])

    def dispute(self, intent: str, amount: int, status: str = "needs_response", fee: int = 0) -> Thing:
        """A bank asks money back."""
        charge = self.things[self.things[intent]["latest_charge"]]
        charge["disputed"] = True
        kept = [{"id": "txn_d", "fee": fee, "currency": charge["currency"]}] if fee else []
        dispute = self._new("du", "dispute", amount=amount, currency=charge["currency"], status=status,
                            payment_intent=intent, balance_transactions=kept, metadata={})  # fmt: skip
        self._tell("charge.dispute.created", dispute)
        return dispute

    def close_dispute(self, dispute: str, status: str) -> None:
        """The case is decided: won or lost."""
        self.things[dispute]["status"] = status
        self._tell("charge.dispute.closed", self.things[dispute])

    def tell_fees(self) -> None:
        """The fees of all charges are known now."""
        self.late_fees = False
        for charge in [thing for thing in self.things.values() if thing["object"] == "charge"]:
            if charge["balance_transaction"] is None:
                charge["balance_transaction"] = self._fee(charge["amount"], charge["currency"])
                self._tell("charge.updated", charge)

    def method(self, customer: str = "cus_saved", id: str = GOOD) -> tuple[str, str]:
        """A card saved before: handle and owner."""
        return id, customer

    # What it serves

    def refuse_stranger(self, request: Request) -> Answer | None:
        if request.headers.get("authorization") == f"Bearer {KEY}":
            return None
        return 401, _error("invalid_request_error", "", f"Invalid API Key provided: {KEY[:8]}****")

    def key_scope(self, request: Request) -> str:
        return request.key

    def key_reused(self) -> Answer:
        return 400, _error(
            "idempotency_error", "", "Keys for idempotent requests can only be used with the same request"
        )

    def failure(self, status: int) -> Thing:
        return _error("api_error", "", "An unknown error occurred")

    def serve(self, request: Request) -> Answer:
        given = _nested(request.body.decode() if request.method == "POST" else request.query)
        expand = list(given.pop("expand", {}).values())
        match request.method, request.parts:
            case "POST", ["checkout", "sessions"]:
                found: Thing = self._session(given)
            case "POST", ["payment_intents"]:
                found = self._charge(given)
            case "POST", ["refunds"]:
                found = self._refund(given)
            case "POST", ["payment_methods", id, "detach"]:
                found = self._detach(id)
            case "GET", ["payment_methods", id] if id in self.things:
                found = self.things[id]
            case "GET", ["payment_intents", "search"]:
                return 200, self._list(
                    [thing for thing in self._of("payment_intent") if _is_found(thing, given["query"])]
                )
            case "GET", ["refunds" | "disputes" as kind]:
                return 200, self._list(
                    [t for t in self._of(kind[:-1]) if t["payment_intent"] == given["payment_intent"]]
                )
            case "GET", ["checkout", "sessions", id] | ["payment_intents", id] if id in self.things:
                found = self.things[id]
            case _:
                raise Refusal(
                    404, _error("invalid_request_error", "resource_missing", f"No such thing: {request.path}")
                )
        for path in expand:
            found = self._expanded(found, path.split("."))
        return 200, found

    def _session(self, given: Thing) -> Thing:
        total = currency = None
        if given["mode"] == "payment":
            line = given["line_items"]["0"]["price_data"]
            total, currency = int(line["unit_amount"]), line["currency"]
            if given["adaptive_pricing"]["enabled"] != "false":
                raise Refusal(400, _error("invalid_request_error", "", "prices would adapt"))
        customer = given.get("customer") or (f"cus_{len(self.things)}" if "customer_creation" in given else None)
        session = self._new("cs_test", "checkout.session", mode=given["mode"], status="open", payment_status="unpaid",
                            amount_total=total, currency=currency or given.get("currency"), customer=customer,
                            metadata=given["metadata"], client_reference_id=given["client_reference_id"],
                            payment_intent=None, setup_intent=None, asked=given)  # fmt: skip
        session["url"] = f"https://checkout.stripe.example/{session['id']}"
        return session

    def _leave_card(self, checkout: Thing, card: str) -> Thing:
        setup = self._new("seti", "setup_intent", payment_method=self._card(card), metadata=checkout["metadata"])
        checkout |= {"setup_intent": setup["id"], "status": "complete", "payment_status": "no_payment_required"}
        self._tell("checkout.session.completed", checkout)
        return setup

    def _detach(self, id: str) -> Thing:
        """Once; a method of nobody cannot be detached."""
        card = self.things[self._card(id)]
        if card["customer"] is None:
            message = "The payment method you provided is not attached to a customer so detachment is impossible."
            raise Refusal(400, _error("invalid_request_error", "", message))
        card["customer"] = None
        return card

    def _charge(self, given: Thing) -> Thing:
        if given["payment_method"] in self.things and self.things[given["payment_method"]]["customer"] is None:
            raise Refusal(400, _error("invalid_request_error", "", "The PaymentMethod was detached from a Customer."))
        if given["payment_method"] == DIES:
            raise Refusal(400, _error("invalid_request_error", "resource_missing", "No such PaymentMethod: 'pm_dies'"))
        asked = {"metadata": given["metadata"]}
        intent = self._intent(
            int(given["amount"]), given["currency"], asked, given["customer"], given["payment_method"]
        )
        if intent["status"] != "succeeded":
            error = _error("card_error", "card_declined", "Your card was declined.")
            raise Refusal(
                402, {"error": error["error"] | {"decline_code": "insufficient_funds", "payment_intent": intent}}
            )
        return intent

    def _intent(self, amount: int, currency: str, asked: Thing, customer: str | None, card: str) -> Thing:
        amount, currency = self.takes_other.get("amount", amount), self.takes_other.get("currency", currency)
        metadata = asked["metadata"] | self.takes_other.get("metadata", {})
        is_paid = card == GOOD
        intent = self._new(
            "pi", "payment_intent", amount=amount, currency=currency, metadata=metadata, customer=customer,
            amount_received=amount if is_paid else 0, payment_method=self._card(card), latest_charge=None,
            setup_future_usage=asked.get("setup_future_usage"), last_payment_error=None,
            status="succeeded" if is_paid else "requires_payment_method",
        )  # fmt: skip
        if not is_paid:
            intent["last_payment_error"] = {
                "code": "card_declined",
                "decline_code": "insufficient_funds",
                "message": "No.",
            }
            self._tell("payment_intent.payment_failed", intent)
            return intent
        fee = None if self.late_fees else self._fee(amount, currency)
        charge = self._new(
            "ch", "charge", amount=amount, currency=currency, payment_intent=intent["id"], disputed=False,
            amount_refunded=0, metadata=metadata, balance_transaction=fee,
        )  # fmt: skip
        intent["latest_charge"] = charge["id"]
        self._tell("payment_intent.succeeded", intent)
        return intent

    def _refund(self, given: Thing) -> Thing:
        intent = self.things.get(given["payment_intent"])
        if intent is None:
            raise Refusal(404, _error("invalid_request_error", "resource_missing", "No such payment_intent"))
        charge, amount = self.things[intent["latest_charge"]], int(given["amount"])
        if amount > charge["amount"] - charge["amount_refunded"]:
            raise Refusal(400, _error("invalid_request_error", "charge_already_refunded", "Refund amount is too large"))
        charge["amount_refunded"] += amount
        refund = self._new(
            "re", "refund", amount=amount, currency=charge["currency"], payment_intent=intent["id"],
            metadata=given["metadata"], status="pending" if self.refunds_pend else "succeeded",
        )  # fmt: skip
        self._tell("refund.created", refund)
        self._tell("charge.refunded", charge)
        return refund

    def _fee(self, amount: int, currency: str) -> str:
        return str(
            self._new("txn", "balance_transaction", fee=amount * self.fee_permille // 1000, currency=currency)["id"]
        )

    def _card(self, id: str) -> str:
        self.things.setdefault(id, {"id": id, "object": "payment_method", "type": "card", "customer": "cus_saved",
                                    "card": {"brand": "visa", "last4": "4242"}})  # fmt: skip
        return id

    def _new(self, prefix: str, kind: str, **members: Any) -> Thing:
        id = f"{prefix}_{len(self.things)}"
        self.things[id] = {"id": id, "object": kind, "created": self.at_s, "livemode": False, **members}
        return self.things[id]

    def _of(self, kind: str) -> list[Thing]:
        return [thing for thing in self.things.values() if thing["object"] == kind]

    def _list(self, data: Sequence[Thing]) -> Thing:
        return {"object": "list", "data": list(data), "has_more": False, "url": "/v1/list"}

    def _expanded(self, thing: Thing, path: list[str]) -> Thing:
        inner = thing.get(path[0])
        if isinstance(inner, str):
            inner = self.things[inner]
        if inner is None:
            return thing
        return thing | {path[0]: self._expanded(inner, path[1:]) if path[1:] else inner}

    def _tell(self, what: str, thing: Thing) -> None:
        self.told += 1
        event = {"id": f"evt_{self.told}", "object": "event", "type": what, "api_version": "2026-10-28.endive",
                 "created": self.at_s, "livemode": False, "pending_webhooks": 1, "data": {"object": thing}}  # fmt: skip
        body = json.dumps(event).encode()
        self.outbox.append((sign(body, at_s=self.at_s), body))


def forged(webhook: Webhook, secret: str = "whsec_of_somebody_else") -> Webhook:
    """The same words, signed by somebody else."""
    headers, body = webhook
    at_s = int(headers["stripe-signature"].split(",")[0].removeprefix("t="))
    return sign(body, secret, at_s), body


def _error(kind: str, code: str, message: str) -> Thing:
    return {"error": {"type": kind, "code": code, "message": message}}


def _is_found(thing: Thing, query: str) -> bool:
    name, _, value = query.removeprefix("metadata[").partition("]:")
    return str(thing["metadata"].get(name.strip("'"))) == value.strip("'")


def _nested(form: str) -> Thing:
    """a[b][0]=c as nested objects."""
    nested: Thing = {}
    for name, value in parse_qsl(form, keep_blank_values=True):
        *parents, last = name.replace("]", "").split("[")
        inner = nested
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[last] = value
    return nested
