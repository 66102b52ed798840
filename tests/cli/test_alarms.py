"""`solvent alarms`: every kind there is, in both languages, with its arithmetic."""

from __future__ import annotations

import asyncio
from typing import Any, get_args

import click
from tests.cli.test_books_commands import Shell, shell

from solvent.app.config import Config
from solvent.app.database import open_database
from solvent.audit.alarm import Kind, alarm
from solvent.audit.alarm_store import raise_alarms
from solvent.till.mismatch import mismatch

__all__ = ["shell"]

NOW_US = 1_795_521_600_000_000
BREAK_EVEN = {
    "plan": "plus",
    "currency": "KRW",
    "paid": "26363",
    "cost": "21000.5",
    "answers": 1_200,
    "then": "cheaper",
}
USED = {"used": "8", "of": "10", "unit": "ANSWERS", "account": "budget:user:cus_kim:u:1"}
NOT_INVOICED = {"month": 202611, "amount": "333.5", "currency": "KRW", "vat_currency": "EUR"}
DETAILS: dict[Kind, dict[str, Any]] = {
    "budget_near": USED,
    "budget_reached": USED,
    "break_even_near": BREAK_EVEN,
    "break_even_crossed": BREAK_EVEN | {"then": "stop"},
    "house_loss": {"answer": "ans_1", "amount": "12.5", "currency": "KRW", "model": "large"},
    "usage_refused": {"answer": "ans_1", "model": "large"},
    "unpriced": {"bucket": "unpriced:audio_input"},
    "month_not_closed": {"month": 202611, "why": "nothing was booked"},
    "not_renewed": {"subscription": "sub_1", "code": "exchange_needed", "why": "no rate"},
    "usage_not_invoiced": NOT_INVOICED,
    "bill_residual": {
        "bill": "bill_1",
        "days": "2026-11-01–2026-11-30",
        "amount": "690",
        "billed": "57690",
        "currency": "KRW",
        "share": "1.20 %",
    },
}


def tell(shell: Shell) -> None:
    told = [alarm(kind, "cus_[b]kim", "x", NOW_US, **words) for kind, words in DETAILS.items()]
    told.append(mismatch("toss", "ord_1", "it says 900, not 1000", NOW_US))

    async def live() -> None:
        database = await open_database(Config(currency="KRW"), shell.data, shell.folder)
        await database.write(lambda connection: raise_alarms(connection, told))
        await database.close()

    asyncio.run(live())


def test_every_kind_of_alarm_is_said_in_both_languages(shell: Shell) -> None:
    assert "Nothing has to be looked at" in shell.run("alarms")
    assert "살펴볼 것이 없습니다" in shell.run("alarms", language="ko")
    tell(shell)
    english, korean = shell.run("alarms"), shell.run("alarms", language="ko")
    for kind in get_args(Kind):
        assert kind in english
        assert kind in korean
    for said in ("cus_[b]kim", "2026-11-24 21:00", "₩26,363", "1,200 answers", "a cheaper class", "8 of 10 ANSWERS"):
        assert said in english, english
    for said in ("26,363원", "더 싼 모델 등급", "10 ANSWERS 가운데 8", "no rate", "it says 900, not 1000"):
        assert said in korean, korean


def test_alarms_are_chosen_and_come_in_pages(shell: Shell) -> None:
    tell(shell)
    assert [one["details"] for one in shell.json("alarms", "--kind", "usage_not_invoiced")["data"]] == [NOT_INVOICED]
    page = shell.json("alarms", "--limit", "4")
    rest = shell.json("alarms", "--cursor", page["next_cursor"])
    assert {one["kind"] for one in page["data"] + rest["data"]} == set(get_args(Kind))
    assert page["next_cursor"] in shell.run("alarms", "--limit", "4")
    assert len(shell.json("alarms", "--subject", "ord_1")["data"]) == 1
    assert shell.json("alarms", "--since", "2026-11-25")["data"] == []


def test_what_cannot_be_asked_is_refused(shell: Shell) -> None:
    assert isinstance(shell.raw("alarms", "--kind", "fire").exception, click.ClickException)
    assert shell.refuse("alarms", "--cursor", "x").code == "bad_cursor"
    assert shell.refuse("alarms", "--since", "soon").code == "not_a_date"
