"""What an answer gives back in memory as it ends: to the purses it drew on, the paces that counted it, its customer."""

from __future__ import annotations

from collections.abc import Sequence

from solvent.answering.elsewhere import leave_turn
from solvent.answering.receipt import Receipt
from solvent.answering.settlement import Opened
from solvent.values.usage import all_input_tokens, all_output_tokens


def settle_purses(opened: Opened, spent: Sequence[int]) -> None:
    """Give back to each purse what was set aside of it and not spent."""
    for n, draw in enumerate(opened.draws):
        opened.funds.purse(draw.pot).settle(draw.grains, spent[n])


def give_back(opened: Opened) -> None:
    """All that was set aside, of an answer that is not to be."""
    settle_purses(opened, [0] * len(opened.draws))
    for entered in opened.entered:
        entered.pace.leave(entered.rule, entered.tokens, 0, entered.share)


def leave(opened: Opened, receipt: Receipt) -> None:
    """What the answer used counts at every pace, and what it brought in and cost, where the customer stands."""
    if opened.entered or opened.turn is not None:
        usage = receipt.usage
        used = all_input_tokens(usage) + all_output_tokens(usage)
        for entered in opened.entered:
            entered.pace.leave(entered.rule, entered.tokens, used, entered.share)
        leave_turn(opened, used)
    if opened.funds.standing is not None:
        opened.funds.standing.add(receipt.charge_grains - receipt.granted_grains, receipt.cost_grains)
