"""Opening an answer: who pays, which model, at what prices, and how much is set aside. No waiting, no I/O."""

from __future__ import annotations

from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.answering.route import Prices, Route, prices_at
from solvent.answering.settlement import Opened
from solvent.billing.admission import Admitted, Declined, Terms, admit
from solvent.identity.caller import Caller, Customer, demand_customer
from solvent.ledger.account import REVENUE_ANSWERS, wallet
from solvent.ledger.transfer import hold
from solvent.pricing.quote import affordable_output_tokens, quote
from solvent.values.errors import Invalid, Refused
from solvent.values.ids import TransferId
from solvent.values.instant import US_PER_S
from solvent.values.limits import HOLD_S_MAX
from solvent.values.money import Money, plain


def open_answer(question: Question, caller: Caller, desk: Desk) -> Opened:
    """Everything that must be decided before a question is asked; money is promised, not yet written.

    Raises Refused (no wallet, not enough in it) and Invalid (unknown or unpriced model).
    """
    customer = demand_customer(caller)
    route = desk.routes.get(question.model)
    if route is None:
        message = f"model {question.model[:100]!r} is not served here; GET /v1/models lists those that are"
        raise Invalid("model_not_found", message, param="model")
    prices = prices_at(route, desk.currency, desk.exchanges, question.received_us)
    admitted = _admit(question, customer, route, prices, desk)
    desk.purse(customer.id).hold(admitted.hold.grains)
    held = hold(
        TransferId(f"{question.id}.hold"),
        question.received_us,
        wallet(customer.id),
        REVENUE_ANSWERS,
        admitted.hold,
        question.received_us + HOLD_S_MAX * US_PER_S,
        question.id,
    )
    return Opened(question, caller, customer, route, prices, held, admitted.output_tokens_max)


def _admit(question: Question, customer: Customer, route: Route, prices: Prices, desk: Desk) -> Admitted:
    purse = desk.purse(customer.id)
    available = Money(purse.available, desk.currency)
    asked = min(question.output_tokens_asked or route.output_tokens_max, route.output_tokens_max)
    read = question.input_tokens_most
    terms = Terms(
        quote(read, asked, prices.price),
        quote(read, 1, prices.price),
        asked,
        affordable_output_tokens(available, read, prices.price),
    )
    verdict = admit(terms, available, Money(purse.posted, desk.currency))
    if isinstance(verdict, Declined):
        raise _refusal(verdict)
    return verdict


def _refusal(declined: Declined) -> Refused:
    needed = f"{plain(declined.needed)} {declined.needed.currency}"
    left = f"{plain(declined.available)} {declined.available.currency}"
    messages = {
        "wallet_empty": "the wallet is empty; top it up and ask again",
        "balance_held": f"this needs {needed}; {left} is free while other answers are under way; ask again soon",
        "request_exceeds_balance": f"this needs at least {needed} and the wallet has {left}; top it up or ask less",
    }
    retry_after_s = 2 if declined.may_retry else None
    return Refused(declined.code, messages[declined.code], retry_after_s=retry_after_s)
