"""Open an answer that outlives its request: what it may come to is set aside until somebody settles it.

Its holds belong to no process and have no end of their own: they end with what is written beside them.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from solvent.answering.desk import Desk
from solvent.answering.find_funds import find_funds
from solvent.answering.guard_case import guard_case
from solvent.answering.holds import holds_of
from solvent.answering.opening import open_answer, take_case
from solvent.answering.question import Question
from solvent.answering.settlement import Opened
from solvent.db.port import Entry
from solvent.identity.caller import Caller
from solvent.ledger import pot_store
from solvent.values.errors import Unavailable


async def open_pledged(question: Question, caller: Caller, desk: Desk, note: Callable[[Opened], Entry]) -> Opened:
    """note: what is written with the holds, in the same commit; whoever has it owes their end.

    Raises what `answer` raises before anything is asked; then nothing is held and nothing is noted.
    """
    case = take_case(question, caller, desk)
    if desk.guards:
        case = await guard_case(case, desk)
    opened = open_answer(case, desk, settle_for_less=False)
    if not isinstance(opened, Opened):
        opened = await find_funds(case, desk)
    holds = [msgspec.structs.replace(hold, expires_us=None) for hold in holds_of(opened.question, opened.draws)]
    left = [0] * len(holds)
    try:
        await desk.database.append([*pot_store.set_aside(holds, desk.holder), note(opened)])
    except BaseException as fault:
        if isinstance(fault, Unavailable) and fault.code != "books_unknown":  # not written: it may be promised again
            left = [hold.grains for hold in holds]
        for entered in opened.entered:
            entered.pace.leave(entered.rule, entered.tokens, 0, entered.share)
        raise
    finally:
        for draw, spare in zip(opened.draws, left, strict=True):
            opened.funds.purse(draw.pot).settle(draw.grains, draw.grains - spare)
    return opened
