"""Toss Payments as its documentation describes it: JSON bodies, Basic keys, unsigned webhooks, idempotency by address.

Source: docs.tosspayments.com, Core API version 2022-11-16, read 2026-11.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.payments.processor_server import Answer, ProcessorServer, Refusal, Request

SECRET_KEY = "test_sk_of_the_tests"
CLIENT_KEY = "test_ck_of_the_tests"
GOOD, DECLINED = "card_good", "card_declined"
Thing = dict[str, Any]


@dataclass
class TossServer(ProcessorServer):
    """payments: every payment, by paymentKey. takes_other: what is approved instead of what was asked."""

    payments: dict[str, Thing] = field(default_factory=dict)
    cards: dict[str, str] = field(default_factory=dict)  # the card behind an authKey or billingKey
    takes_other: dict[str, Any] = field(default_factory=dict)
    number: int = 0
    told: int = 0

    # What customers and other people do

    def authorize(self, order: str, amount: Any, card: str = GOOD) -> dict[str, str]:
        """A customer goes through the payment window: what their browser brings back."""
        key = self._payment(order, amount, "IN_PROGRESS")["paymentKey"]
        self.cards[key] = card
        return {"paymentKey": key, "orderId": order, "amount": str(amount), "paymentType": "NORMAL"}

    def authorize_card(self, customer: str, card: str = GOOD) -> dict[str, str]:
        """A customer registers a card: what their browser brings back."""
        self.number += 1
        self.cards[f"auth_{self.number}"] = card
        return {"authKey": f"auth_{self.number}", "customerKey": customer}

    def issue_account(self, order: str, amount: int) -> Thing:
        """A virtual account waits for a deposit."""
        payment = self._payment(order, amount, "WAITING_FOR_DEPOSIT")
        payment |= {"secret": f"ps_{order}", "approvedAt": None}
        return payment

    def deposit(self, order: str, secret: str | None = None) -> None:
        """The customer sends the money to the virtual account; and Toss tells, with the payment's secret."""
        payment = self.of_order(order)
        payment |= {"status": "DONE", "approvedAt": "2026-11-24T10:00:00+09:00"}
        body = {"createdAt": "2026-11-24T10:00:00.000000", "status": "DONE", "orderId": order,
                "transactionKey": "tx", "secret": payment["secret"] if secret is None else secret}  # fmt: skip
        self._send(body)

    def take_deposit_back(self, order: str) -> None:
        """The bank was wrong: the deposit did not come."""
        self.of_order(order)["status"] = "WAITING_FOR_DEPOSIT"
        self.tell(order)

    def cancel_there(self, order: str, amount: int) -> None:
        """Somebody cancels in the merchant's web page."""
        self._cancel(self.of_order(order), {"cancelReason": "in the web page", "cancelAmount": amount})

    def of_order(self, order: str) -> Thing:
        """The last payment of an order."""
        return next(payment for payment in reversed(self.payments.values()) if payment["orderId"] == order)

    def tell(self, order: str, **claims: Any) -> None:
        """Send the webhook about a payment's state; `claims` are what it says otherwise."""
        self._send({"eventType": "PAYMENT_STATUS_CHANGED", "createdAt": "2026-11-24T10:00:00.000000",
                    "data": self.of_order(order) | claims})  # fmt: skip

    # What it serves

    def refuse_stranger(self, request: Request) -> Answer | None:
        if request.headers.get("authorization") == "Basic " + b64encode(f"{SECRET_KEY}:".encode()).decode():
            return None
        return 401, {"code": "UNAUTHORIZED_KEY", "message": "인증되지 않은 시크릿 키 혹은 클라이언트 키 입니다."}

    def key_scope(self, request: Request) -> str:
        return f"{request.method} {request.path} {request.key}"

    def key_reused(self) -> Answer:
        raise AssertionError("Toss answers with the first answer; a test that reuses a key otherwise is wrong")

    def failure(self, status: int) -> Thing:
        if status == 409:
            return {"code": "IDEMPOTENT_REQUEST_PROCESSING", "message": "이전 멱등 요청이 처리중입니다."}
        return {"code": "FAILED_INTERNAL_SYSTEM_PROCESSING", "message": "내부 시스템 처리 작업이 실패했습니다."}

    def serve(self, request: Request) -> Answer:
        given = json.loads(request.body, parse_float=Decimal) if request.body else {}
        match request.method, request.parts:
            case "POST", ["payments", "confirm"]:
                return 200, self._confirm(given)
            case "GET", ["payments", "orders", order]:
                found = [payment for payment in self.payments.values() if payment["orderId"] == order]
                if not found:
                    raise _no("NOT_FOUND_PAYMENT", "존재하지 않는 결제 정보 입니다.", 404)
                return 200, found[-1]
            case "GET", ["payments", key]:
                return 200, self._known(key)
            case "POST", ["payments", key, "cancel"]:
                return 200, self._cancel(self._known(key), given)
            case "POST", ["billing", "authorizations", "issue"]:
                return 200, self._issue(given)
            case "DELETE", ["billing", key]:
                if self.cards.pop(key, None) is None:
                    raise _no("NOT_FOUND_BILLING", "존재하지 않는 빌링 결제 인증 정보 입니다.", 404)
                return 200, {"billingKey": key}
            case "POST", ["billing", key]:
                return 200, self._charge(key, given)
        raise _no("NOT_FOUND", "존재하지 않는 정보 입니다.", 404)

    def _confirm(self, given: Thing) -> Thing:
        payment = self._known(given["paymentKey"])
        if payment["status"] == "DONE":
            raise _no("ALREADY_PROCESSED_PAYMENT", "이미 처리된 결제 입니다.")
        if payment["orderId"] != given["orderId"] or payment["totalAmount"] != given["amount"]:
            raise _no("INVALID_REQUEST", "잘못된 요청입니다.")
        return self._approve(payment)

    def _issue(self, given: Thing) -> Thing:
        card = self.cards.get(given["authKey"])
        if card is None:
            raise _no("INVALID_AUTHORIZE_AUTH", "유효하지 않은 인증 방식입니다.")
        self.number += 1
        key = f"bill_{self.number}/+"
        self.cards[key] = card
        return {"mId": "tvivarepublica", "customerKey": given["customerKey"], "method": "카드", "billingKey": key,
                "authenticatedAt": "2026-11-24T10:00:00+09:00", "cardCompany": "현대", "cardNumber": "43301234****123*",
                "card": {"number": "43301234****123*", "cardType": "신용", "ownerType": "개인"}}  # fmt: skip

    def _charge(self, key: str, given: Thing) -> Thing:
        if key not in self.cards:
            raise _no("INVALID_BILL_KEY_REQUEST", "빌링키 인증이 완료되지 않았습니다.")
        if any(payment["orderId"] == given["orderId"] for payment in self.payments.values()):
            raise _no("DUPLICATED_ORDER_ID", "이미 승인 및 취소가 진행된 중복된 주문번호 입니다.")
        payment = self._payment(given["orderId"], given["amount"], "IN_PROGRESS")
        self.cards[payment["paymentKey"]] = self.cards[key]
        return self._approve(payment)

    def _approve(self, payment: Thing) -> Thing:
        if self.cards[payment["paymentKey"]] == DECLINED:
            refusal = {"code": "REJECT_CARD_PAYMENT", "message": "한도초과 혹은 잔액부족으로 결제에 실패했습니다."}
            payment |= {"status": "ABORTED", "failure": refusal}
            raise Refusal(403, refusal)
        payment |= {"status": "DONE", "approvedAt": "2026-11-24T10:00:00+09:00", **self.takes_other}
        self.tell(payment["orderId"])
        return payment

    def _cancel(self, payment: Thing, given: Thing) -> Thing:
        amount = given["cancelAmount"]
        if payment["status"] not in ("DONE", "PARTIAL_CANCELED"):
            raise _no("ALREADY_CANCELED_PAYMENT", "이미 취소된 결제 입니다.")
        if amount > payment["balanceAmount"]:
            raise _no("NOT_CANCELABLE_AMOUNT", "취소 할 수 없는 금액 입니다.", 403)
        self.number += 1
        payment["balanceAmount"] -= amount
        payment["cancels"] = [*(payment["cancels"] or []), {
            "cancelAmount": amount, "cancelReason": given["cancelReason"], "transactionKey": f"TX{self.number}",
            "cancelStatus": "DONE", "canceledAt": "2026-11-24T11:00:00+09:00",
            "refundableAmount": payment["balanceAmount"],
        }]  # fmt: skip
        payment["status"] = "PARTIAL_CANCELED" if payment["balanceAmount"] else "CANCELED"
        self.tell(payment["orderId"])
        return payment

    def _payment(self, order: str, amount: Any, status: str) -> Thing:
        self.number += 1
        key = f"tviva2026112410000{self.number}"
        self.payments[key] = {
            "mId": "tvivarepublica", "version": "2022-11-16", "paymentKey": key, "orderId": order, "status": status,
            "currency": "KRW", "totalAmount": amount, "balanceAmount": amount, "method": "카드", "approvedAt": None,
            "requestedAt": "2026-11-24T09:59:00+09:00", "secret": None, "cancels": None, "failure": None,
        }  # fmt: skip
        return self.payments[key]

    def _known(self, key: str) -> Thing:
        if key not in self.payments:
            raise _no("NOT_FOUND_PAYMENT", "존재하지 않는 결제 정보 입니다.", 404)
        return self.payments[key]

    def _send(self, body: Thing) -> None:
        self.told += 1
        headers = {"content-type": "application/json", "tosspayments-webhook-transmission-id": f"wh_{self.told}",
                   "tosspayments-webhook-transmission-retried-count": "0"}  # fmt: skip
        self.outbox.append((headers, json.dumps(body, ensure_ascii=False).encode()))


def _no(code: str, message: str, status: int = 400) -> Refusal:
    return Refusal(status, {"code": code, "message": message})
