"""Toss Payments: exact amounts, tries that are told apart, refusals that may be none, and webhooks that only hint."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.payments import toss_server
from tests.payments.processor_server import Trouble
from tests.payments.stages import TossStage, new_due
from tests.payments.toss_server import TossServer

from solvent.payments import toss, toss_words
from solvent.payments.contract import CUSTOMER
from solvent.payments.port import Settings
from solvent.values.errors import Invalid, Refused, Unavailable
from solvent.values.money import money, plain

Play = Callable[[TossStage], Coroutine[Any, Any, None]]
DUE = money("10000", "KRW")


@pytest.fixture
def server() -> Iterator[TossServer]:
    server = TossServer()
    with server.running():
        yield server


def live(server: TossServer, play: Play, currencies: tuple[str, ...] = ("KRW",)) -> None:
    async def run() -> None:
        stage = TossStage(server, currencies)
        async with asyncio.timeout(20):
            await play(stage)
        await stage.processor.close()

    asyncio.run(run())


def test_the_window_is_told_what_its_script_needs(server: TossServer) -> None:
    async def play(stage: TossStage) -> None:
        due = new_due(DUE)
        assert (await stage.processor.begin(due)).parameters == {
            "flow": "payment", "clientKey": toss_server.CLIENT_KEY, "customerKey": CUSTOMER, "orderId": due.order,
            "orderName": due.name, "amount": "10000", "currency": "KRW", "successUrl": due.return_url,
            "failUrl": due.return_url,
        }  # fmt: skip
        saving = new_due(DUE, save_method=True)
        assert (await stage.processor.begin(saving)).parameters["flow"] == "billing"
        assert server.seen == [], "nothing is asked for that"

    live(server, play)


def test_amounts_are_json_numbers_without_a_detour(server: TossServer) -> None:
    async def play(stage: TossStage) -> None:
        for amount, digits in ((DUE, "10000"), (money("181.56", "USD"), "181.56")):
            due = new_due(amount)
            given = server.authorize(due.order, float(digits) if "." in digits else int(digits))
            server.of_order(due.order)["currency"] = amount.currency
            paid = await stage.processor.confirm(due, "", given)
            assert paid.amount == amount
            assert f'"amount":{digits}}}'.encode() in server.seen[0].body
            server.seen.clear()

    live(server, play, ("KRW", "USD"))


def test_a_second_try_with_another_card_is_another_request(server: TossServer) -> None:
    async def play(stage: TossStage) -> None:
        due = new_due(DUE)
        declined = server.authorize(due.order, 10_000, toss_server.DECLINED)
        for _ in range(2):
            failed = await stage.processor.confirm(due, "", declined)
            assert (failed.state, failed.why.split(":")[0]) == ("failed", "REJECT_CARD_PAYMENT")
        paid = await stage.processor.confirm(due, "", server.authorize(due.order, 10_000))
        assert paid.state == "paid"

    live(server, play)


def test_a_payment_that_was_confirmed_already_is_read(server: TossServer) -> None:
    async def play(stage: TossStage) -> None:
        due = new_due(DUE)
        given = server.authorize(due.order, 10_000)
        server.troubles.append(Trouble(times=2, path="/v1/payments/confirm", loses=True))
        with pytest.raises(Unavailable):
            await stage.processor.confirm(due, "", given)
        server._keys.clear()  # fifteen days later
        assert (await stage.processor.confirm(due, "", given)).state == "paid", (
            "ALREADY_PROCESSED_PAYMENT is no failure"
        )

    live(server, play)


def test_a_window_that_was_left_is_still_open(server: TossServer) -> None:
    async def play(stage: TossStage) -> None:
        due = new_due(DUE)
        left = {"code": "PAY_PROCESS_CANCELED", "message": "사용자에 의해 결제가 취소되었습니다.", "orderId": due.order}
        assert (await stage.processor.confirm(due, "", left)).state == "none"
        unknown = {"paymentKey": "nobodys", "orderId": due.order, "amount": "10000"}
        assert (await stage.processor.confirm(due, "", unknown)).state == "open"

    live(server, play)


@pytest.mark.parametrize("name", ["orderId", "amount"])
def test_an_address_about_something_else_is_refused(server: TossServer, name: str) -> None:
    async def play(stage: TossStage) -> None:
        due = new_due(DUE)
        given = server.authorize(due.order, 10_000) | {name: "1"}
        with pytest.raises(Refused, match=name):
            await stage.processor.confirm(due, "", given)
        with pytest.raises(Refused, match="customerKey"):
            await stage.processor.confirm(due, "", server.authorize_card("cus_of_another"))

    live(server, play)


def test_a_card_is_registered_and_charged_in_one(server: TossServer) -> None:
    async def play(stage: TossStage) -> None:
        due = new_due(DUE, save_method=True)
        given = server.authorize_card(CUSTOMER)
        first, again = [await stage.processor.confirm(due, "", given) for _ in range(2)]
        assert first == again
        assert first.method is not None
        assert (first.method.label, first.method.owner) == ("현대 43301234****123*", CUSTOMER)
        assert len([payment for payment in server.payments.values() if payment["status"] == "DONE"]) == 1
        bad = await stage.processor.confirm(new_due(DUE, save_method=True), "", given | {"authKey": "nobodys"})
        assert (bad.state, bad.why.split(":")[0]) == ("failed", "INVALID_AUTHORIZE_AUTH")

    live(server, play)


@pytest.mark.parametrize("fails", [500, 409, 429])
def test_a_charge_whose_end_is_not_known_is_asked_again(server: TossServer, fails: int) -> None:
    async def play(stage: TossStage) -> None:
        due, card = new_due(DUE), await stage.card(is_good=True)
        server.troubles.append(Trouble(path="/v1/billing", fails=fails))
        with pytest.raises(Unavailable) as wrong:
            await stage.processor.charge(due, card)
        assert wrong.value.code == "processor_unavailable"
        assert (await stage.processor.charge(due, card)).state == "paid"
        assert len(stage.charged(due)) == 1

    live(server, play)


def test_a_key_that_is_not_accepted_is_the_operators_matter(server: TossServer) -> None:
    async def play(stage: TossStage) -> None:
        stranger = toss.open_processor(
            Settings("toss", ("KRW",), server.base_url, "test_sk_wrong", client_key="ck", answer_s=1.0)
        )
        with pytest.raises(Unavailable) as wrong:
            await stranger.look_up("ord_1", "")
        assert wrong.value.code == "processor_key_refused"
        assert "test_sk_wrong" not in wrong.value.message
        await stranger.close()
        server.troubles.append(Trouble(path="/v1/payments", garbage=True))
        with pytest.raises(Unavailable) as garbage:
            await stage.processor.look_up("ord_1", "x")
        assert garbage.value.code in ("processor_garbage", "processor_unavailable")

    live(server, play)


def test_a_cancel_that_was_made_already_is_ours_or_not(server: TossServer) -> None:
    async def play(stage: TossStage) -> None:
        due = new_due(DUE)
        paid = await stage.processor.confirm(due, "", server.authorize(due.order, 10_000))
        mine = await stage.processor.refund(paid.payment, DUE, "rfd_mine", "단순 변심")
        server._keys.clear()
        assert await stage.processor.refund(paid.payment, DUE, "rfd_mine", "단순 변심") == mine
        with pytest.raises(Refused, match="ALREADY_CANCELED_PAYMENT"):
            await stage.processor.refund(paid.payment, DUE, "rfd_other", "")
        assert (await stage.processor.look_up(due.order, "")).state == "paid", "it was paid, and all of it went back"

    live(server, play)


def test_a_virtual_account_waits_for_its_deposit(server: TossServer) -> None:
    async def play(stage: TossStage) -> None:
        due = new_due(DUE)
        server.issue_account(due.order, 10_000)
        waiting = await stage.processor.look_up(due.order, "")
        assert (waiting.state, waiting.proof) == ("open", f"ps_{due.order}")
        assert waiting.proof not in repr(waiting)
        server.deposit(due.order)
        event = stage.processor.read_event(*server.outbox[-1], 0)
        assert (event.kind, event.order, event.proof, event.signed) == ("paid", due.order, waiting.proof, False)
        assert waiting.proof not in repr(event)
        server.of_order(due.order) | {"status": "CANCELED"}
        abandoned = server.issue_account("ord_abandoned", 10_000)
        abandoned["status"] = "CANCELED"
        assert (await stage.processor.look_up("ord_abandoned", "")).state == "expired"

    live(server, play)


def test_webhooks_without_an_id_are_told_apart_by_their_words(server: TossServer) -> None:
    async def play(stage: TossStage) -> None:
        due = new_due(DUE)
        server.authorize(due.order, 10_000)
        for status in ("DONE", "CANCELED"):
            server.tell(due.order, status=status)
        bodies = [body for _, body in server.outbox]
        ids = [stage.processor.read_event({}, body, 0).id for body in (*bodies, bodies[0])]
        assert ids[0] == ids[2] != ids[1]
        strange = {"tosspayments-webhook-transmission-id": "x" * 500}
        assert stage.processor.read_event(strange, bodies[0], 0).id == ids[0]
        other = json.dumps({"eventType": "BILLING_DELETED", "data": {"billingKey": "b"}}).encode()
        assert stage.processor.read_event({}, other, 0).kind == "ignored"

    live(server, play)


@pytest.mark.parametrize("missing", ["key", "client_key"])
def test_a_rail_without_its_keys_is_not_opened(missing: str) -> None:
    settings = {"rail": "toss", "currencies": ("KRW",), "key": "sk", "client_key": "ck"} | {missing: ""}
    with pytest.raises(Invalid) as wrong:
        toss.open_processor(Settings(**settings))  # type: ignore[arg-type]
    assert wrong.value.param == missing


@given(st.integers(0, 10**11), st.sampled_from(["KRW", "USD", "JPY"]))
def test_amounts_are_read_from_their_digits(count: int, currency: str) -> None:
    digits = {"KRW": str(count), "JPY": str(count), "USD": f"{count // 100}.{count % 100:02d}"}[currency]
    read = toss_words.amount_of(msgspec.Raw(digits.encode()), currency)
    assert read == money(digits, currency)
    assert toss_words.amount_of(msgspec.Raw(plain(read).encode()), currency) == read


@pytest.mark.parametrize("digits", ["1e4", "-", "null", '"1"', "[]", "1.", "0x1", "10.555555555555"])
def test_what_is_no_amount_is_none(digits: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        toss_words.amount_of(msgspec.Raw(digits.encode()), "KRW")


@given(st.text(max_size=400), st.from_regex(r"rfd_[0-9a-z]{20}", fullmatch=True))
def test_a_reason_is_short_and_ends_with_our_key(why: str, key: str) -> None:
    reason = toss_words.reason(why, key)
    assert len(reason) <= toss_words.REASON_CHARACTERS_MAX
    assert reason.endswith(f" [{key}]")
