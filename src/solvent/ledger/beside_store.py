"""What moved in customers' pots beside answers: top-ups, gifts, refunds, expiry. Few rows among very many.

An answer's posting goes to revenue, or to what is used of an allowance. Two partial indexes find all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, func, not_, select, text

from solvent.db.prefix import text_that_begins
from solvent.db.tables import partial_index
from solvent.ledger.store import BESIDE_ANSWERS, beside_answers, transfers
from solvent.ledger.transfer import OF_CORRECTION

_POTS: Final = ("wallet:", "grant:", "allowance:")
_OUT: Final = {
    dialect: "state = 'posted' AND credit NOT IN ('revenue:answers', 'memo:used') AND "
    f"({' OR '.join(text_that_begins(dialect, 'debit', kind) for kind in _POTS)})"
    for dialect in BESIDE_ANSWERS
}
_IN: Final = {
    dialect: f"state = 'posted' AND {text_that_begins(dialect, 'credit', 'wallet:')}" for dialect in BESIDE_ANSWERS
}
partial_index("ix_transfers_out_beside", transfers.c.debit, transfers.c.at_us, where=_OUT)
partial_index("ix_transfers_in_beside", transfers.c.credit, transfers.c.at_us, where=_IN)

_DRAWN: Final = text(
    "state = 'posted' AND (debit LIKE 'wallet:%' OR debit LIKE 'grant:%' OR debit LIKE 'allowance:%'"
    " OR debit LIKE 'overage:%')"
)
_LAST_ANSWER: Final = "ans_z"  # no id of an answer comes after it

Beside = tuple[str, str, str, int]  # debit, credit, unit, grains
Moved = tuple[str, str, int, int]  # account, unit, instant, grains


def out_beside(connection: Connection, accounts: Sequence[str], from_us: int, until_us: int) -> list[Beside]:
    """What left wallets, gifts and allowances in [from_us, until_us) other than for an answer, by where it went."""
    columns = (transfers.c.debit, transfers.c.credit, transfers.c.currency)
    chosen = select(*columns, func.sum(transfers.c.grains)).where(
        transfers.c.debit.in_(accounts),
        transfers.c.at_us >= from_us,
        transfers.c.at_us < until_us,
        text(_OUT[connection.dialect.name]),
    )
    return [(row[0], row[1], row[2], int(row[3])) for row in connection.execute(chosen.group_by(*columns))]


def in_beside(connection: Connection, accounts: Sequence[str], from_us: int, until_us: int) -> list[Beside]:
    """What came into wallets in [from_us, until_us), by where it came from."""
    columns = (transfers.c.debit, transfers.c.credit, transfers.c.currency)
    chosen = select(*columns, func.sum(transfers.c.grains)).where(
        transfers.c.credit.in_(accounts),
        transfers.c.at_us >= from_us,
        transfers.c.at_us < until_us,
        text(_IN[connection.dialect.name]),
    )
    return [(row[0], row[1], row[2], int(row[3])) for row in connection.execute(chosen.group_by(*columns))]


def moved_beside(connection: Connection, accounts: Sequence[str], first: str) -> list[Moved]:
    """What came into some accounts, and below zero what left them, other than for an answer: by account, unit and
    instant, in the order in which it was booked. What a correction of `first` or a later answer gave back is none:
    whoever draws for those answers anew draws what is right at once."""
    found = []
    for side, sign in ((transfers.c.credit, 1), (transfers.c.debit, -1)):
        chosen = select(transfers.c.seq, side, transfers.c.currency, transfers.c.at_us, transfers.c.grains).where(
            side.in_(accounts), beside_answers(connection), transfers.c.state == "posted",
            not_(transfers.c.reference.between(f"{OF_CORRECTION}{first}", f"{OF_CORRECTION}{_LAST_ANSWER}")),
        )  # fmt: skip
        found += [(row[0], row[1], row[2], row[3], sign * int(row[4])) for row in connection.execute(chosen)]
    return [row[1:] for row in sorted(found)]


def drawn_since(connection: Connection, first: str, from_us: int) -> dict[tuple[str, str], int]:
    """What answers took out of pots from an instant on, by account and unit. first: an id before all of theirs."""
    keys = (transfers.c.debit, transfers.c.currency)
    chosen = select(*keys, func.sum(transfers.c.grains)).where(
        transfers.c.id >= first, transfers.c.id < _LAST_ANSWER, transfers.c.at_us >= from_us, _DRAWN
    )
    return {(row[0], row[1]): int(row[2]) for row in connection.execute(chosen.group_by(*keys))}
