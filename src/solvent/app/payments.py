"""Opens the payment rails, and gives doors what they need to use them: rails, books and clock in one hand."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from solvent.app.config import PaymentEntry, secret
from solvent.billing.pack_store import give_paid
from solvent.billing.proposal_store import begin_paid, invoice_paid
from solvent.billing.rails import OnPaid, Rails
from solvent.db.port import Database
from solvent.payments.port import OpenProcessor, PaymentProcessor, Settings
from solvent.till.confirm_payment import confirm_payment
from solvent.till.resume_payments import Resumed, resume_payments
from solvent.till.settle_event import SettledEvent
from solvent.till.settle_order import SettledOrder
from solvent.till.take_event import take_event
from solvent.values.errors import Invalid
from solvent.values.money import minor_digits

log = logging.getLogger("solvent.payments")

GROUP = "solvent.payments"
PAID_FOR: Final[Mapping[str, OnPaid]] = {"subscription": begin_paid, "pack": give_paid, "invoice": invoice_paid}


def open_processors(entries: Sequence[PaymentEntry], near: Path) -> dict[str, PaymentProcessor]:
    """Every rail by its name. `near`: the folder that relative paths start from.

    Raises Invalid naming the rail. Connects to nothing yet.
    """
    return {entry.rail: _open(entry, near) for entry in entries}


def _open(entry: PaymentEntry, near: Path) -> PaymentProcessor:
    what = f"payments {entry.rail!r}"
    for currency in entry.currencies:
        try:
            minor_digits(currency)
        except Invalid as wrong:
            raise Invalid("bad_config", f"{what}: {wrong.message}", param="currencies") from None
    settings = Settings(
        rail=entry.rail,
        currencies=entry.currencies,
        base_url=entry.base_url,
        key=secret(entry.key, f"{what}: key", os.environ, near),
        webhook_secret=secret(entry.webhook_secret, f"{what}: webhook_secret", os.environ, near),
        client_key=entry.client_key,
        account=entry.account,
    )
    open_processor = _plug(entry.kind, what)
    try:
        return open_processor(settings)
    except Invalid as wrong:
        named = wrong.message if what in wrong.message else f"{what}: {wrong.message}"
        raise Invalid(wrong.code, named, param=wrong.param) from None


def _plug(kind: str, what: str) -> OpenProcessor:
    for found in entry_points(group=GROUP, name=kind):
        loaded: OpenProcessor = found.load()
        return loaded
    known = ", ".join(sorted(entry_points(group=GROUP).names))
    raise Invalid("no_such_plug", f"{what}: kind {kind!r} is not known; installed are: {known}", param="kind")


class Payments:
    """The rails of one service and its books. public_url: the address customers come back to."""

    def __init__(
        self, database: Database, now_us: Callable[[], int], entropy: Callable[[], int], public_url: str = ""
    ) -> None:
        self.rails = Rails({})
        self._database = database
        self._now_us = now_us
        self._entropy = entropy
        self._public_url = public_url.rstrip("/")
        self._sweeping = False

    def connect(self, processors: Mapping[str, PaymentProcessor], on_paid: Mapping[str, OnPaid] | None = None) -> None:
        """Use these rails. on_paid: see `Rails`; PAID_FOR when left out."""
        self.rails = Rails(processors, PAID_FOR if on_paid is None else on_paid)

    def return_url(self, rail: str) -> str:
        """Where a customer's browser comes back to; "" while nobody said where this service is."""
        return f"{self._public_url}/pay/{rail}/{{order}}" if self._public_url else ""

    async def take(self, rail: str, headers: Mapping[str, str], body: bytes) -> SettledEvent:
        """See `take_event`."""
        return await take_event(rail, headers, body, self.rails, self._database, self._now_us())

    async def come_back(self, rail: str, order: str, given: Mapping[str, str]) -> SettledOrder:
        """See `confirm_payment`."""
        return await confirm_payment(rail, order, given, self.rails, self._database, self._now_us())

    async def resume(self) -> Resumed:
        """See `resume_payments`. What an operator should read is logged."""
        resumed = await resume_payments(self.rails, self._database, self._now_us())
        for problem in resumed.problems:
            log.error("payments: %s", problem)
        return resumed

    async def sweep(self) -> None:
        """`resume`, unless it is still under way: a silent processor must not keep anything else waiting."""
        if self._sweeping:
            return
        self._sweeping = True
        try:
            await self.resume()
        except Exception:  # books that cannot be written now may be in a minute
            log.exception("open payments could not be looked at; that is tried again")
        finally:
            self._sweeping = False

    async def close(self) -> None:
        """Let go of all connections."""
        for processor in self.rails.processors.values():
            await processor.close()
