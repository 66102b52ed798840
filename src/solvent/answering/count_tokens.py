"""Count what a question would be read as: nothing is asked and nothing is charged, but the pace counts it."""

from __future__ import annotations

from solvent.answering.desk import Desk
from solvent.answering.elsewhere import placed
from solvent.answering.guard_case import guard_case
from solvent.answering.opening import Case, enter, take_case
from solvent.answering.question import Count, Question
from solvent.answering.sold import input_tokens_most
from solvent.billing.plan import Plan
from solvent.billing.standing_store import terms_of
from solvent.identity.caller import Caller
from solvent.providers.port import Call, CountsTokens


async def count_tokens(question: Question, caller: Caller, desk: Desk) -> Count:
    """By the model's provider, where it counts and speaks the question's dialect; else the bound that is held for.

    Raises as `answer` does before anything is asked, and Unavailable or Invalid when the provider fails.
    """
    case = take_case(question, caller, desk)
    entered = enter(case, await _plan(case, desk), desk, 0)
    try:
        route, _ = placed(case.route, case.prices, question, desk)
        provider = route.provider
        if isinstance(provider, CountsTokens) and provider.speaks == question.dialect:
            if desk.guards:
                question = (await guard_case(case, desk)).question
            call = Call(route.upstream, question.members, stream=False, output_tokens_max=1)
            return Count(await provider.count_tokens(call), is_exact=True)
        return Count(input_tokens_most(question, route), is_exact=False)
    finally:
        for one in entered:
            one.pace.leave(one.rule, one.tokens, 0, one.share)


async def _plan(case: Case, desk: Desk) -> Plan | None:
    """The plan whose rates hold: known here for whoever has asked something lately."""
    funds = desk.funds.get(case.customer.id)
    if funds is not None and funds.is_known(case.scopes, case.question.received_us):
        return funds.standing.plan if funds.standing is not None else None
    terms = await desk.database.read(lambda connection: terms_of(connection, case.customer.id))
    return terms[1] if terms is not None else None
