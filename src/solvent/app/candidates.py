"""Candidates: scenarios that differ in more than the plan, as a YAML file says: prices, cards, mix, routing, caches.

What one leaves out is as it is for all scenarios of the command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from solvent.app.cards import card_file_text, documents_of, read_cards
from solvent.app.config import Config
from solvent.app.routes import read_exchanges
from solvent.app.traffic import share, sold_by
from solvent.simulation.scenario import Scenario, Share, Sold
from solvent.values.errors import Invalid
from solvent.values.limits import CANDIDATES_MAX

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]


class Cards(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By which cards a model is sold and costs; "" for its own."""

    price: str = ""
    cost: str = ""


class Candidate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """plan: everybody's; "" for the one each is on. prices: a folder of rate cards, which take the place of those of
    their names. cards: by model. mix: of all answers, whoever was asked, so many thousandths come from each model.
    shares: in place of the mix, from one model to another. cached: so many thousandths of what is read.
    """

    name: _Name
    plan: str = ""
    prices: str = ""
    cards: Mapping[str, Cards] = {}
    mix: Mapping[str, int] = {}
    shares: tuple[str, ...] | None = None
    cached: int | None = None


def read_candidates(file: Path) -> tuple[Candidate, ...]:
    """Raises Invalid naming file and field."""
    documents = documents_of(card_file_text(file), str(file))
    try:
        read = msgspec.convert(documents[0] if len(documents) == 1 else documents, tuple[Candidate, ...], strict=False)
    except msgspec.ValidationError as wrong:
        raise _refused(f"{file}: {wrong}") from None
    names = [one.name for one in read]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise _refused(f"{file}: scenario {twice[0]!r} is there twice; names are unique")
    if not 1 <= len(read) <= CANDIDATES_MAX:
        raise _refused(f"{file}: {len(read)} scenarios are not 1 to {CANDIDATES_MAX}")
    return read


class Around(msgspec.Struct, frozen=True):
    """What candidates are of. near: the folder of solvent.toml. beside: that of their file. on: the plan each customer
    is on, where that is known. asked: the models of the trace."""

    config: Config
    near: Path
    beside: Path
    on: Mapping[str, str]
    asked: Sequence[str]


def as_candidate(base: Scenario, of: Candidate, around: Around) -> Scenario:
    """The scenario with what the candidate says of it. Raises Invalid."""
    where = f"scenario {of.name!r}"
    if not of.plan and not around.on:
        raise _refused(f"{where}: say its plan; which one these customers are on is not known")
    if of.mix and of.shares is not None:
        raise _refused(f"{where}: say a mix of all answers, or shares of single models, not both")
    shares = base.shares
    if of.shares is not None:
        shares = tuple(share(text) for text in of.shares)
    if of.mix:
        shares = _mixed(of, around.asked)
    return msgspec.structs.replace(
        base, name=of.name, plan=of.plan or base.plan, on={} if of.plan else around.on, sold=_sold(of, around),
        shares=shares, cached_permille=base.cached_permille if of.cached is None else of.cached,
    )  # fmt: skip


def _mixed(of: Candidate, asked: Sequence[str]) -> tuple[Share, ...]:
    """What stays with the model that was asked is moved nowhere."""
    whole = sum(of.mix.values())
    if whole != 1000 or min(of.mix.values()) < 0:
        raise _refused(
            f"scenario {of.name!r}: its mix sums to {whole} thousandths, or one is below 0; write 1000 in all"
        )
    return tuple(
        Share(model, instead, permille)
        for model in asked
        for instead, permille in of.mix.items()
        if instead != model and permille
    )


def _sold(of: Candidate, around: Around) -> dict[str, Sold]:
    over = around.beside / of.prices if of.prices else None
    if over is not None and not over.is_dir():
        raise _refused(f"scenario {of.name!r}: {over} is no folder of rate cards")
    cards = read_cards(around.near, read_exchanges(around.config), over)
    sold = sold_by(around.config, cards)
    for model, named in of.cards.items():
        if model not in sold:
            known = ", ".join(sorted(sold)) or "none"
            raise _refused(f"scenario {of.name!r}: there is no model {model[:60]!r}; models are: {known[:500]}")
        for card in filter(None, (named.price, named.cost)):
            if card not in cards:
                known = ", ".join(sorted(cards))
                raise _refused(f"scenario {of.name!r}: there is no rate card {card[:60]!r}; cards are: {known[:500]}")
        was = sold[model]
        sold[model] = msgspec.structs.replace(
            was, price_cards=cards[named.price] if named.price else was.price_cards,
            cost_cards=cards[named.cost] if named.cost else was.cost_cards,
            other_costs={} if named.cost else was.other_costs,  # whichever upstream answered
        )  # fmt: skip
    return sold


def _refused(message: str) -> Invalid:
    return Invalid("bad_scenario", message, param="scenarios")
