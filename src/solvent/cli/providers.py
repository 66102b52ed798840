"""`solvent providers`: recording what providers were paid."""

from __future__ import annotations

import click

from solvent.cli.here import Here, changes
from solvent.console import providers


@click.group("providers")
def command() -> None:
    """Record what providers were paid, and what the exchange rate made of it."""


@command.command("pay")
@click.argument("provider")
@click.argument("paid")
@click.option("--currency", default="", help="Of what was paid  [default: the books' own].")
@click.option("--rate", default="", help="What one unit of it was in the books' currency, such as 1385.50.")
@click.option("--source", default="bank", show_default=True, help="Who says so.")
@click.option("--clears", default=None, help="How much of the debt in the books it pays  [default: all of it].")
@changes
def pay(here: Here, provider: str, paid: str, currency: str, rate: str, source: str, clears: str | None) -> None:
    """Record that PROVIDER was PAID for its invoice."""
    body = {"paid": paid, "currency": currency, "rate": rate, "source": source, "clears": clears}
    made = here.ask(providers.PAY, {"provider": provider}, body=body)

    def amount(text: str) -> str:
        return f"{text} {made.currency}"

    here.show(
        made,
        lambda screen: screen.word(
            "provider_paid", provider=made.provider, left=amount(made.left), cleared=amount(made.cleared),
            difference=amount(made.difference),
        ),
    )  # fmt: skip
