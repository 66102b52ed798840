"""What waits to be written into the request log: answers that are over. Bounded, so that a slow disk costs entries
of the log and never an answer; what is dropped is counted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from msgspec import UNSET

from solvent.answering.heard import Heard
from solvent.answering.logged import Redact
from solvent.answering.settlement import Opened
from solvent.billing.funds import Funds
from solvent.billing.plan import LogTerms
from solvent.billing.standing import Standing
from solvent.identity.caller import Caller, Customer
from solvent.values.limits import LOG_WAITING_BYTES_MAX, LOG_WAITING_MAX

NOTHING = LogTerms()


def _untouched(words: str, most: int) -> str:
    return words[:most]


class Logbook:
    """One process's. terms: of the service, for plans that say nothing else. redacts: makes what masks some kinds.
    start: begins the writing, in the background; called when there is something to write and nobody is at it.

    written, dropped: how many answers, since the process started.
    """

    def __init__(
        self, terms: LogTerms = NOTHING, redacts: Callable[[tuple[str, ...]], Redact] = lambda _: _untouched,
        start: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self.terms = terms
        self.redacts = redacts
        self._start = start
        self._waiting: deque[Heard] = deque()
        self._bytes = 0
        self.is_written = False  # whether somebody is at it
        self.written = 0
        self.dropped = 0

    def may_concern(self, caller: Caller, funds: Funds | None) -> bool:
        """Whether anything of a caller's answer may be kept, as far as is known before it is opened."""
        if caller.is_off_log or caller.customer is None:
            return False
        return funds is None or self._terms(caller.customer, funds.standing).keep != "none"

    def begin(self, opened: Opened) -> Heard | None:
        """Overhear an answer, where anything of it is to be kept."""
        terms = self._terms(opened.customer, opened.funds.standing)
        if terms.keep == "none":
            return None
        return Heard(opened.question, opened.customer.id, opened.caller.key, opened.route.model, terms)

    def put(self, heard: Heard) -> None:
        """An answer is over: it is to be written when there is time."""
        if len(self._waiting) >= LOG_WAITING_MAX or self._bytes + heard.weight > LOG_WAITING_BYTES_MAX:
            self.dropped += 1
            return
        self._waiting.append(heard)
        self._bytes += heard.weight
        if not self.is_written:
            self.is_written = True
            self._start()

    def take(self, most: int) -> list[Heard]:
        """Up to `most` of those that wait, oldest first."""
        some = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        self._bytes -= sum(heard.weight for heard in some)
        return some

    def _terms(self, customer: Customer, standing: Standing | None) -> LogTerms:
        if customer.request_log == "none":
            return NOTHING
        said = UNSET if standing is None else standing.plan.request_log
        return self.terms if said is UNSET else said
