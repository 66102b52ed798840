"""`solvent budgets`: how much a key, a user, a customer or a plan may use, in place of what the plan says."""

from __future__ import annotations

import click

from solvent.cli.here import Here, Screen, changes, looks, paged
from solvent.console import limits
from solvent.console.limits import BudgetBody, BudgetsBody

_BUDGETS = {"scope": "left", "every": "left", "amount": "right", "unit": "left", "alert": "right", "is_hard": "left"}

_customer = click.option("--customer", default="", help="Whose it is; none for a whole plan's.")
_scope = click.argument("scope")
_every = click.option("--every", type=click.Choice(["day", "month", "period"]), required=True, help="For how long.")
_unit = click.option(
    "--unit", type=click.Choice(["answers", "tokens", "money"]), required=True, help="What is counted."
)


@click.group("budgets")
def command() -> None:
    """Set budgets of keys, users, customers and plans."""


@command.command("list")
@click.option("--customer", default="", help="Only those of this customer, and of plans.")
@paged
@looks
def list_(here: Here, customer: str, limit: int, cursor: str) -> None:
    """List the budgets that were set; all of a customer's at once."""
    if customer:
        theirs = here.ask(limits.LIST_OF, {"customer": customer})
        here.show(theirs, lambda screen: _table(theirs, screen))
        return
    found = here.ask(limits.LIST, query={"limit": limit, "cursor": cursor})
    here.show(found, lambda screen: screen.page(found, _BUDGETS, lambda one: _row(one, screen), "no_budgets"))


@command.command("set")
@_scope
@click.argument("amount")
@_every
@_unit
@click.option("--alert-permille", type=int, help="Raise an alarm at so much of it  [default: none].")
@click.option("--soft", is_flag=True, help="Only tell; do not refuse.")
@_customer
@changes
def set_(
    here: Here, scope: str, amount: str, every: str, unit: str, alert_permille: int | None,
    soft: bool, customer: str,  # noqa: FBT001
) -> None:  # fmt: skip
    """Set a budget. SCOPE: key:ID, user:CUSTOMER:NAME, customer:ID, or plan:NAME."""
    body = {
        "scope": scope, "every": every, "unit": unit, "amount": amount, "alert_permille": alert_permille,
        "is_hard": not soft,
    }  # fmt: skip
    made = here.ask(limits.PUT, {"customer": customer}, body=body) if customer else here.ask(limits.PUT_PLAN, body=body)
    here.show(made, lambda screen: _table(BudgetsBody(data=[made]), screen))


@command.command("remove")
@_scope
@_every
@_unit
@_customer
@changes
def remove(here: Here, scope: str, every: str, unit: str, customer: str) -> None:
    """Let the plan's own budget hold again."""
    body = {"scope": scope, "every": every, "unit": unit}
    made = (
        here.ask(limits.REMOVE, {"customer": customer}, body=body)
        if customer
        else here.ask(limits.REMOVE_PLAN, body=body)
    )  # fmt: skip
    here.show(made, lambda screen: screen.word("budget_removed", scope=made.scope))


def _table(found: BudgetsBody, screen: Screen) -> None:
    screen.table(_BUDGETS, [_row(one, screen) for one in found.data], "no_budgets")


def _row(one: BudgetBody, screen: Screen) -> list[str]:
    amount = screen.money(one.amount, one.currency) if one.currency else f"{int(one.amount):,}"
    alert = f"{one.alert_permille} ‰" if one.alert_permille else ""
    hard = screen.say("hard" if one.is_hard else "soft")
    return [one.scope, screen.say(one.every), amount, screen.say(f"unit_{one.unit}"), alert, hard]
