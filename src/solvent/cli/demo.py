"""The demo: simulated customers ask the house model real questions, so that receipts arrive and margins move.

They are real customers with real wallets on the plans on sale; only their wish to ask is simulated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from random import Random

import click
import msgspec
from rich.cells import set_cell_size

from solvent.answering.answer import answer
from solvent.answering.question import Question
from solvent.answering.receipt import Receipt
from solvent.app.build import App, new_key
from solvent.app.routes import HOUSE_MODEL
from solvent.cli.wording import speaker
from solvent.gateway.asking import TEMPLATE_TOKENS
from solvent.identity.caller import Caller
from solvent.lightening.dataset import ask
from solvent.simulation.arrival import activity, pause_s
from solvent.values.errors import Refused, SolventError
from solvent.values.ids import AnswerId, new_id

CUSTOMERS = 40
QUESTIONS_PER_S = 2.0
SEED = 20261124
PREFIX = "Demo "
# How many of the customers are on which plan, cheapest first: most pay nothing or little.
SHARES = ((0.6, 0), (0.3, 1), (0.1, 2))
_KOREAN = "민지 서준 하은 도윤 지우 예준 수아 시우 지호 유나 주원 채원 건우 다은 현우 소율 은우 가은 준서 나연"
_ENGLISH = "Ada Ben Chloe Dev Eva Finn Grace Hugo Iris Jack Kira Liam Mia Noah Olga Paul Rosa Sam Tara Yuri"
_NAMES = (*_KOREAN.split(), *_ENGLISH.split())


async def run_demo(app: App) -> None:
    """Ask until the service stops."""
    if HOUSE_MODEL not in app.desk.routes:
        click.echo("demo: the house model is switched off, so there is nobody to ask", err=True)
        return
    chance = Random(SEED)
    callers = await _customers(app)
    weights = activity(len(callers), chance)
    app.desk.listeners.append(lambda receipt: _print(app, receipt))
    while not app.stopping:
        caller = chance.choices(callers, weights)[0]
        app.background.start(_ask(app, caller, chance))  # whose end `App.close` waits for
        await asyncio.sleep(pause_s(QUESTIONS_PER_S, chance))


async def _customers(app: App) -> Sequence[Caller]:
    """The demo's customers: those of an earlier run, or new ones."""
    known = _known(app)
    names = [PREFIX + name for name in _NAMES[:CUSTOMERS]]
    plans = sorted(app.plans.values(), key=lambda plan: plan.price.grains)
    plans = [plan for plan in plans if plan.included] or plans
    for n, name in enumerate(names):
        if name not in known:
            place = (n * 7 % CUSTOMERS) / CUSTOMERS  # spreads each plan over both languages
            steps = [sum(share for share, _ in SHARES[: k + 1]) for k in range(len(SHARES))]
            rank = next(k for k, step in enumerate(steps) if place < step or k == len(steps) - 1)
            await app.open_customer(name, plans[min(rank, len(plans) - 1)].name, new_key("customer"))
    known = _known(app)
    return [known[name] for name in names]


def _known(app: App) -> dict[str, Caller]:
    return {
        caller.customer.name: caller
        for caller in app.desk.callers.values()
        if caller.customer is not None and caller.customer.name.startswith(PREFIX)
    }


async def _ask(app: App, caller: Caller, chance: Random) -> None:
    assert caller.customer is not None, "the demo's callers are customers"
    korean = not caller.customer.name.removeprefix(PREFIX).isascii()
    words = ask(chance, "ko" if korean else "en").text
    messages = msgspec.json.encode([{"role": "user", "content": words}])
    members = {"messages": msgspec.Raw(messages), "temperature": msgspec.Raw(b"0"), "stream": msgspec.Raw(b"true")}
    now_us = app.desk.now_us()
    id = AnswerId(new_id("ans", now_us, app.desk.entropy()))
    read_most = len(messages) + TEMPLATE_TOKENS
    question = Question(
        id, now_us, HOUSE_MODEL, members, stream=True, input_tokens_most=read_most, output_tokens_asked=None
    )
    try:
        async for _ in answer(question, caller, app.desk):
            pass
    except Refused as refusal:
        click.echo(f"{caller.customer.name}: {refusal.message}")
    except SolventError as problem:
        click.echo(f"{caller.customer.name}: {problem.message}", err=True)


def _print(app: App, receipt: Receipt) -> None:
    say = speaker()
    time = datetime.fromtimestamp(receipt.at_us / 1e6, app.desk.time_zone).strftime("%H:%M:%S")
    who = set_cell_size(app.names.get(receipt.customer, ""), 14)
    line = say("receipt").format(
        time=time, who=who, charge=say.money(receipt.charge),
        cost=say.money(receipt.cost), kept=say.money(receipt.margin), seconds=receipt.total_us / 1e6,
        outcome=receipt.outcome,
    )  # fmt: skip
    click.echo(line)
