"""`solvent log`: what is kept is listed, read on record, forgotten, and kept no more, in both languages."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Literal

import pytest
from tests.cli.test_books_commands import Shell

from solvent.answering import logged_store
from solvent.answering.logged import Logged
from solvent.app.config import Config
from solvent.app.database import open_database
from solvent.app.plans import meant_losses, read_plans
from solvent.billing.publish_plans import publish_plans
from solvent.values.ids import AnswerId, CustomerId, KeyId
from solvent.values.instant import DAY_US


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def filled(shell: Shell) -> str:
    """A customer with three answers in the log, one of them without texts and one that is over; their id."""
    config = Config(currency="KRW")

    async def publish() -> None:
        database = await open_database(config, shell.data, shell.folder)
        await publish_plans(read_plans(config), meant_losses(config), (), database, 1)
        await database.close()

    asyncio.run(publish())
    customer = CustomerId(shell.json("customers", "open", "Kim", "--plan", "plus")["id"])
    now_us = time.time_ns() // 1000

    def answer(n: int, keep: Literal["metadata", "text"], days: int) -> Logged:
        texts = ('{"messages":[{"content":"[bold]안녕"}]}', '{"texts":[]}') if keep == "text" else ("", "")
        return Logged(
            AnswerId(f"ans_{n}"), customer, KeyId("key_1"), "small", "chat", now_us, now_us + days * DAY_US, keep,
            1_234, 5, *texts,
        )  # fmt: skip

    async def write() -> None:
        database = await open_database(config, shell.data, shell.folder)
        rows = [answer(1, "text", 1), answer(2, "metadata", 1), answer(3, "text", -1)]
        await database.append([(logged_store.append, row) for row in rows])
        await database.close()

    asyncio.run(write())
    return customer


def test_what_is_kept_in_commands(shell: Shell) -> None:
    customer = filled(shell)
    assert [one["id"] for one in shell.json("log", "list", "--customer", customer)["data"]] == ["ans_2", "ans_1"]
    listed = shell.run("log", "list", "--model", "small", "--since", "1d", "--limit", "1", language="ko")
    assert "길이만" in listed
    assert "ans_1" not in listed
    assert "요청 기록에 없습니다" in shell.run("log", "list", "--model", "large", language="ko")
    shown = shell.run("log", "show", "ans_1", language="ko")
    assert "[bold]안녕" in shown
    assert "답변:" in shown
    assert shell.json("log", "show", "ans_1")["asked"] == {"messages": [{"content": "[bold]안녕"}]}
    assert "Its texts are not kept." in shell.run("log", "show", "ans_2")
    for id in ("ans_3", "ans_4"):
        assert shell.refuse("log", "show", id).code == "not_logged"
    read = [one for one in shell.json("audit", "--subject", customer)["data"] if one["action"] == "request_log.read"]
    assert [one["result"]["answer"] for one in read] == ["ans_2", "ans_1", "ans_1"]
    assert {one["actor"].partition(":")[0] for one in read} == {"cli"}


def test_a_customer_is_forgotten_and_kept_no_more(shell: Shell) -> None:
    customer = filled(shell)
    assert f"3 answers of {customer} are forgotten." in shell.run("log", "forget", "--customer", customer)
    assert shell.json("log", "list")["data"] == []
    assert shell.refuse("log", "forget", "--customer", "cus_none").code == "no_such_customer"
    assert "기록하지 않습니다" in shell.run("log", "keep", customer, "none", language="ko")
    assert shell.json("log", "keep", customer, "plan")["keep"] == "plan"
    shell.run("customers", "close", customer)
    assert shell.refuse("log", "keep", customer, "none").code == "customer_closed"
