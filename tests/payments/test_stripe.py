"""Stripe: what is sent, what is read, and what goes wrong in words without our key."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.payments import stripe_server
from tests.payments.processor_server import Trouble
from tests.payments.stages import StripeStage, new_due
from tests.payments.stripe_server import StripeServer, sign

from solvent.payments import stripe, stripe_words
from solvent.payments.port import Dispute, Method, Payment, Settings
from solvent.values.errors import Invalid, Refused, SolventError, Unavailable
from solvent.values.money import MINOR_DIGITS, Money, minor_units, money

Play = Callable[[StripeStage], Coroutine[Any, Any, None]]


@pytest.fixture
def server() -> Iterator[StripeServer]:
    server = StripeServer()
    with server.running():
        yield server


def live(server: StripeServer, play: Play, currencies: tuple[str, ...] = ("KRW", "USD")) -> None:
    async def run() -> None:
        stage = StripeStage(server, currencies)
        async with asyncio.timeout(20):
            await play(stage)
        await stage.processor.close()

    asyncio.run(run())


def test_a_checkout_asks_for_whole_minor_units_and_names_the_order(server: StripeServer) -> None:
    async def play(stage: StripeStage) -> None:
        for amount, units in ((money("10000", "KRW"), "10000"), (money("10.05", "USD"), "1005")):
            due = new_due(amount, save_method=True)
            await stage.processor.begin(msgspec.structs.replace(due, expires_us=1_795_000_000_000_001))
            sent = {name: value[0] for name, value in parse_qs(server.seen[-1].body.decode()).items()}
            price = "line_items[0][price_data]"
            assert sent[f"{price}[unit_amount]"] == units
            assert sent[f"{price}[currency]"] == amount.currency.lower()
            assert sent["metadata[solvent_order]"] == sent["payment_intent_data[metadata][solvent_order]"] == due.order
            assert sent["success_url"] == f"{due.return_url}?session_id={{CHECKOUT_SESSION_ID}}"
            assert sent["payment_intent_data[setup_future_usage]"] == "off_session"
            assert (sent["customer_creation"], sent["expires_at"]) == ("always", "1795000000")
            assert server.seen[-1].key == f"{due.order}.begin"

    live(server, play)


def test_a_known_customer_is_named_again(server: StripeServer) -> None:
    async def play(stage: StripeStage) -> None:
        due = msgspec.structs.replace(new_due(money("5000", "KRW"), save_method=True), owner="cus_known")
        checkout = await stage.processor.begin(due)
        server.pay(checkout.reference)
        payment = await stage.processor.look_up(due.order, checkout.reference)
        assert payment.method == Method(stripe_server.GOOD, "cus_known", "visa ··4242")

    live(server, play)


def test_fees_come_at_once_or_follow(server: StripeServer) -> None:
    async def play(stage: StripeStage) -> None:
        server.late_fees = True
        due = new_due(money("100.00", "USD"))
        paid = await stage.processor.charge(due, Method(stripe_server.GOOD, "cus", ""))
        assert (paid.fee, paid.fee_follows) == (None, True)
        server.tell_fees()
        headers, body = server.outbox[-1]
        event = stage.processor.read_event(headers, body, stage.now_us)
        assert (event.kind, event.payment, event.amount) == ("paid", paid.payment, None)
        later = await stage.processor.look_up(due.order, paid.payment)
        assert (later.fee, later.fee_follows) == (money("3.40", "USD"), False)

    live(server, play)


def test_disputes_are_told_with_their_state_and_fee(server: StripeServer) -> None:
    async def play(stage: StripeStage) -> None:
        due = new_due(money("100.00", "USD"))
        paid = await stage.processor.charge(due, Method(stripe_server.GOOD, "cus", ""))
        dispute = server.dispute(paid.payment, 10_000, fee=1_500)
        for status, state in (("needs_response", "open"), ("under_review", "open"), ("won", "won"), ("lost", "lost"),
                              ("warning_closed", "inquiry"), ("prevented", "inquiry")):  # fmt: skip
            server.close_dispute(dispute["id"], status)
            told = (await stage.processor.look_up(due.order, paid.payment)).disputes
            assert told == (Dispute(dispute["id"], due.amount, state, money("15", "USD")),)  # type: ignore[arg-type]

    live(server, play)


def test_an_order_without_a_reference_is_searched_for(server: StripeServer) -> None:
    async def play(stage: StripeStage) -> None:
        due = new_due(money("5000", "KRW"))
        paid = await stage.processor.charge(due, Method(stripe_server.GOOD, "cus", ""))
        assert await stage.processor.look_up(due.order, "") == paid
        for reference in ("", "cs_gone", "pi_gone"):
            assert await stage.processor.look_up("ord_none", reference) == Payment("ord_none", "none")

    live(server, play)


def test_a_checkout_that_failed_can_be_tried_again_until_it_expires(server: StripeServer) -> None:
    async def play(stage: StripeStage) -> None:
        due = new_due(money("5000", "KRW"))
        session = (await stage.processor.begin(due)).reference
        server.pay(session, stripe_server.DECLINED)
        assert (await stage.processor.look_up(due.order, session)).state == "open"
        server.expire(session)
        assert (await stage.processor.look_up(due.order, session)).state == "expired"
        with pytest.raises(Refused, match="session"):
            await stage.processor.confirm(due, session, {"session_id": "cs_of_another"})

    live(server, play)


def test_a_card_that_is_gone_is_a_failure_and_not_an_error(server: StripeServer) -> None:
    async def play(stage: StripeStage) -> None:
        paid = await stage.processor.charge(new_due(money("5000", "KRW")), Method(stripe_server.DIES, "cus", ""))
        assert (paid.state, paid.why) == ("failed", "resource_missing: No such PaymentMethod: 'pm_dies'")
        no = await stage.processor.charge(new_due(money("5000", "KRW")), Method(stripe_server.DECLINED, "cus", ""))
        assert no.payment, "the id of what failed is kept"
        assert no.why == "insufficient_funds: Your card was declined."

    live(server, play)


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (Trouble(times=2, fails=500), "processor_unavailable"),
        (Trouble(times=1, fails=429), "processor_unavailable"),
        (Trouble(times=2, fails=409), "processor_unavailable"),
        (Trouble(times=1, fails=401), "processor_key_refused"),
        (Trouble(times=1, fails=403), "processor_key_refused"),
        (Trouble(times=1, garbage=True), "processor_unavailable"),
        (Trouble(times=2, loses=True), "processor_unavailable"),
    ],
)
def test_what_goes_wrong_is_said_in_words(server: StripeServer, trouble: Trouble, code: str) -> None:
    async def play(stage: StripeStage) -> None:
        server.troubles.append(trouble)
        due, card = new_due(money("5000", "KRW")), Method(stripe_server.GOOD, "cus", "")
        with pytest.raises(Unavailable) as wrong:
            await stage.processor.charge(due, card)
        assert wrong.value.code == code
        assert stripe_server.KEY not in f"{wrong.value!r} {wrong.value.message}"
        assert (await stage.processor.charge(due, card)).state == "paid", "asking again tells, and charges once"
        assert len(stage.charged(due)) == 1
        assert {request.key for request in server.seen} == {f"{due.order}.charge"}

    live(server, play)


def test_one_failure_of_the_network_is_not_noticed(server: StripeServer) -> None:
    async def play(stage: StripeStage) -> None:
        server.troubles.append(Trouble(fails=503))
        due = new_due(money("5000", "KRW"))
        assert (await stage.processor.charge(due, Method(stripe_server.GOOD, "cus", ""))).state == "paid"
        assert len(server.seen) == 2

    live(server, play)


def test_nothing_is_written_or_sent_beside_the_request(
    server: StripeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    async def play(stage: StripeStage) -> None:
        for _ in range(2):
            await stage.processor.look_up("ord_none", "")
        assert os.listdir(tmp_path) == []
        assert all("x-stripe-client-telemetry" not in request.headers for request in server.seen)
        told = json.loads(server.seen[-1].headers["x-stripe-client-user-agent"])
        assert not {"telemetry_id", "platform"} & told.keys()

    live(server, play)


@pytest.mark.parametrize("missing", ["key", "webhook_secret"])
def test_a_rail_that_would_believe_anybody_is_not_opened(missing: str) -> None:
    settings = {"rail": "stripe", "currencies": ("KRW",), "key": "sk", "webhook_secret": "whsec"} | {missing: ""}
    with pytest.raises(Invalid) as wrong:
        stripe.open_processor(Settings(**settings))  # type: ignore[arg-type]
    assert wrong.value.param == missing


def test_a_checkout_leads_somewhere(server: StripeServer) -> None:
    async def play(stage: StripeStage) -> None:
        with pytest.raises(Invalid, match="return_url"):
            await stage.processor.begin(msgspec.structs.replace(new_due(money("5000", "KRW")), return_url=""))

    live(server, play)


@given(st.integers(0, 10**12), st.sampled_from(sorted(MINOR_DIGITS)))
def test_amounts_are_the_same_on_both_sides(count: int, currency: str) -> None:
    assert minor_units(stripe_words.money_of(count, currency.lower())) == count
    assert stripe_words.money_of(count, currency.lower()) == Money(count * 10**7, currency)


@given(st.binary(max_size=200), st.text(max_size=60))
def test_no_words_are_believed_without_our_secret(body: bytes, signature: str) -> None:
    processor = stripe.open_processor(
        Settings("stripe", ("KRW",), "http://127.0.0.1:1", stripe_server.KEY, stripe_server.WEBHOOK_SECRET)
    )
    for header in (
        signature,
        f"t=1,v1={signature}",
        f"t={signature},v1=00",
        sign(body, "other", 1)["stripe-signature"],
    ):
        with pytest.raises(SolventError) as refusal:
            processor.read_event({"stripe-signature": header}, body, 1_000_000)
        assert refusal.value.code == "bad_webhook_signature"
