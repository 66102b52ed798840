"""The desk: everything an answer needs, in memory, swapped whole when it changes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from types import MappingProxyType
from zoneinfo import ZoneInfo

from solvent.answering.logbook import Logbook
from solvent.answering.receipt import Receipt
from solvent.answering.route import Pool, Route
from solvent.billing.funds import Funds
from solvent.billing.pace import Pace
from solvent.db.port import Database
from solvent.guarding.rule import NO_RULES, Rules
from solvent.identity.caller import Caller, Callers
from solvent.ledger.purse import Purse
from solvent.pricing.exchange import Exchange
from solvent.routing.retry import RetryBudget
from solvent.values.ids import CustomerId
from solvent.values.limits import FOLD_ANSWERS, SUMMED_ANSWERS
from solvent.values.period import day_number, start_of_day


class Era:
    """From one setting of the desk to the next. under_way: answers that began in it and have not ended."""

    __slots__ = ("under_way",)

    def __init__(self) -> None:
        self.under_way = 0


class Desk:
    """One process's desk.

    now_us: the clock. entropy: random bits for ids. currency: what wallets and reports are kept in.
    callers: who may ask. routes: the models on sale, by name. pools: of those of them that
    have more than one upstream, all of these.
    take_over: finishes an answer whose client is gone, in the background.
    listeners: told each receipt once it is on the books; they must be quick and never fail. Those that only sum
    receipts are told many at once, see `sum_later`.
    holder: this process's name among those that share the books; leases and holds bear it.
    funds: what this process knows of the pots of those who asked here.
    keep_responses_us: for how long responses are kept for whoever asks for that; 0 for not at all.
    guards: what looks at questions and answers, if anything. logbook: what of them is kept in the request log.
    """

    def __init__(
        self,
        database: Database,
        now_us: Callable[[], int],
        entropy: Callable[[], int],
        currency: str,
        time_zone: ZoneInfo,
        routes: Mapping[str, Route],
        take_over: Callable[[Coroutine[None, None, None]], None],
        exchanges: Sequence[Exchange] = (),
        holder: str = "",
        pools: Mapping[str, Pool] = MappingProxyType({}),
        keep_responses_us: int = 0,
        guards: Rules = NO_RULES,
        logbook: Logbook | None = None,
    ) -> None:
        self.database = database
        self.now_us = now_us
        self.entropy = entropy
        self.currency = currency
        self.time_zone = time_zone
        self.routes = routes
        self.take_over = take_over
        self.exchanges = exchanges
        self.pools = pools
        self.retries = RetryBudget()
        self.callers = Callers()
        self.holder = holder
        self.keep_responses_us = keep_responses_us
        self.guards = guards
        self.logbook = logbook or Logbook()
        self.funds: dict[CustomerId, Funds] = {}
        self.looking = 0  # questions for which the database is being asked what pays
        self.shared: dict[str, Purse] = {}  # purses of the budgets of whole plans
        self.paces: dict[str, Pace] = {}
        self.told: set[str] = set()  # alarms of budgets that this process has raised
        self.processes = 1  # that share the books, and so the rates
        self.listeners: list[Callable[[Receipt], None]] = []
        self._summing: list[Callable[[Sequence[Receipt]], None]] = []
        self._unheard: list[Receipt] = []  # by those, so far
        self.era = Era()
        self.eras = [self.era]  # those that have answers under way, or may have
        self._day = (0, 0, 0)
        self._unsummed = 0

    @property
    def under_way(self) -> int:
        """Answers that are being told."""
        return sum(era.under_way for era in self.eras)

    def set_anew(
        self, routes: Mapping[str, Route], pools: Mapping[str, Pool], exchanges: Sequence[Exchange],
        keep_responses_us: int,
    ) -> list[Era]:  # fmt: skip
        """Sell this from now on, all of it at once. Returns the eras that are over: their answers may still go on."""
        self.routes, self.pools, self.exchanges = routes, pools, exchanges
        self.keep_responses_us = keep_responses_us
        over = list(self.eras)
        self.era = Era()
        self.eras.append(self.era)
        return over

    def funds_of(self, customer: CustomerId) -> Funds:
        """What this process knows of a customer's pots; nothing yet for whoever never asked here."""
        funds = self.funds.get(customer)
        if funds is None:
            funds = self.funds[customer] = Funds(self.shared)
        return funds

    def may_log(self, caller: Caller) -> bool:
        """Whether anything of a caller's answers may be kept in the request log, as far as is known here."""
        customer = caller.customer
        return customer is not None and self.logbook.may_concern(caller, self.funds.get(customer.id))

    def day(self, at_us: int) -> int:
        """The calendar day of an instant, in the operator's time zone; quick while the day lasts."""
        start_us, end_us, number = self._day
        if not start_us <= at_us < end_us:
            number = day_number(at_us, self.time_zone)
            start_us, end_us = (start_of_day(day, self.time_zone) for day in (number, number + 1))
            self._day = (start_us, end_us, number)
        return number

    def folds(self) -> bool:
        """Counts an answer that is being booked; whether the roll-ups are to take in those that they lack."""
        self._unsummed = (self._unsummed + 1) % FOLD_ANSWERS
        return not self._unsummed

    def tell(self, receipt: Receipt) -> None:
        """Hand a booked receipt to whoever listens."""
        for listener in self.listeners:
            listener(receipt)
        self._unheard.append(receipt)
        if len(self._unheard) >= SUMMED_ANSWERS:
            self.sum_up()

    def sum_later(self, take_in: Callable[[Sequence[Receipt]], None]) -> None:
        """Hand receipts from now on to whoever sums them, many at once; who looks at the sums calls `sum_up` first."""
        self.sum_up()
        self._summing.append(take_in)

    def sum_up(self) -> None:
        """Hand over what has come since the last time."""
        if self._unheard:
            receipts, self._unheard = self._unheard, []
            for take_in in self._summing:
                take_in(receipts)
