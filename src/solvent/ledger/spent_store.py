"""What VAT, fees and other things beside answers moved between two instants: few rows among very many.

Two partial indexes find them; what answers move is in roll-ups.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, func, or_, select, text

from solvent.db.prefix import begins_with
from solvent.db.tables import partial_index
from solvent.ledger.store import BESIDE_ANSWERS, balances, beside_answers, transfers

Moved = tuple[str, str]  # account and unit

_KINDS: Final = ("cost:", "expense:", "vat:")
_SPENT: Final = {
    side: f"({' OR '.join(f'substr({side}, 1, {len(one)}) = {one!r}' for one in _KINDS)})"
    for side in ("debit", "credit")
}
for _side, _of in _SPENT.items():
    _where = {dialect: f"{beside} AND {_of}" for dialect, beside in BESIDE_ANSWERS.items()}
    partial_index(f"ix_transfers_spent_{_side}", transfers.c.at_us, where=_where)  # of the side's accounts alone


def spent_beside(connection: Connection, from_us: int, until_us: int) -> dict[Moved, int]:
    """Debits less credits in [from_us, until_us) of the accounts of costs, expenses and VAT, by account and unit.

    What answers moved is not in it.
    """
    found = dict[Moved, int]()
    for side, sign in (("debit", 1), ("credit", -1)):
        key = (transfers.c[side], transfers.c.currency)
        chosen = select(*key, func.sum(transfers.c.grains)).where(
            transfers.c.at_us >= from_us,
            transfers.c.at_us < until_us,
            transfers.c.state == "posted",
            beside_answers(connection),
            text(_SPENT[side]),
        )
        for account, unit, grains in connection.execute(chosen.group_by(*key)):
            found[account, unit] = found.get((account, unit), 0) + sign * int(grains)
    return {moved: grains for moved, grains in found.items() if grains}


def accounts_spent(connection: Connection, first_month: int, last_month: int) -> list[str]:
    """The accounts of costs, expenses and VAT that moved in months such as 202611, both included, also by answers."""
    chosen = select(balances.c.account).distinct().where(
        or_(*(begins_with(connection, balances.c.account, kind) for kind in _KINDS)),
        balances.c.month.between(first_month, last_month),
    )  # fmt: skip
    return list(connection.execute(chosen.order_by(balances.c.account)).scalars())
