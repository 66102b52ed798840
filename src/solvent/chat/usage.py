"""My usage: what was asked, day by day and answer by answer, on the page and as a table for spreadsheets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.responses import Response

from solvent.answering import store as answering_store
from solvent.answering.read_margins import read_margins
from solvent.answering.receipt import Receipt
from solvent.answering.receipt_store import Sought, receipts_page
from solvent.app.build import App
from solvent.app.report_body import UJ_PER_WATT_HOUR, decimals
from solvent.chat.slip import Shown, slip
from solvent.db.port import Connection
from solvent.identity import store as identity_store
from solvent.identity.caller import Customer
from solvent.invoicing.store import profile_at
from solvent.invoicing.tax import Tax
from solvent.margin.store import Folded
from solvent.margin.usage_store import days_of, used_by
from solvent.pages.place import Place
from solvent.pages.spreadsheet import cut_after, line_of, sent_as
from solvent.pages.visit import Visit
from solvent.values.errors import Invalid, NotFound
from solvent.values.ids import AnswerId
from solvent.values.instant import iso
from solvent.values.limits import NAME_CHARACTERS_MAX, PAGE_ROWS_MAX, USAGE_ROWS_MAX
from solvent.values.money import Money, money, plain
from solvent.values.period import day_number, start_of_day
from solvent.values.usage import all_input_tokens, all_output_tokens

_ROWS: Final = 30
_DAYS: Final = 31
HEAD: Final = (
    "at", "id", "model", "key", "user", "outcome", "input_tokens", "output_tokens", "charge", "included", "currency",
)  # fmt: skip
# Of a receipt, in the order in which they are shown.
_BUCKETS: Final = (
    "input_tokens", "cached_input_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "image_input_tokens",
    "cached_image_input_tokens", "audio_input_tokens", "cached_audio_input_tokens", "reasoning_tokens",
    "output_tokens", "image_output_tokens", "audio_output_tokens", "web_searches", "pictures", "characters",
    "video_seconds",
)  # fmt: skip


class Usage:
    """The places under /usage."""

    def __init__(self, app: App) -> None:
        self._app = app

    def places(self) -> list[Place]:
        """Where they are."""
        return [
            Place("GET", "/usage", "customer", self.show),
            Place("GET", "/usage.csv", "customer", self.table),
            Place("GET", "/usage/{answer}", "customer", self.receipt),
        ]

    async def show(self, visit: Visit) -> Response:
        """Sums of the last days, and receipts, newest first."""
        app, sought = self._app, _sought(visit)
        now_us, in_zone = app.desk.now_us(), app.desk.time_zone
        today, before = day_number(now_us, in_zone), _word(visit, "before")

        def look(connection: Folded) -> dict[str, Any]:
            id = visit.customer.id
            days = [] if sought.key else days_of(connection, id, today - _DAYS + 1, today + 1, sought.model)
            return {
                "page": receipts_page(connection, sought, before, _ROWS, in_zone),
                "days": [(start_of_day(day, in_zone), *sums) for day, *sums in days],
                "models": sorted({row[1] for row in used_by(connection, (id,), today - _DAYS + 1, today + 1)}),
                "keys": self._keys(connection, visit.customer),
            }

        about = await read_margins(look, app.database)
        days, currency = about["days"], app.desk.currency
        return visit.page(
            "chat/usage.html", sought=sought, is_first=not before, money_of=Money, currency=currency,
            answers=sum(day[1] for day in days), spent=Money(sum(day[2] for day in days), currency),
            covered=Money(sum(day[3] for day in days), currency), **about,
        )  # fmt: skip

    async def table(self, visit: Visit) -> Response:
        """The same receipts as comma-separated values, newest first, as many as one may have at once."""
        return sent_as("usage", self._lines(_sought(visit)))

    async def _lines(self, sought: Sought) -> AsyncIterator[str]:
        yield line_of(HEAD)
        before, left, in_zone = "", USAGE_ROWS_MAX, self._app.desk.time_zone
        while left > 0:
            page = await self._app.database.read(
                lambda connection, before=before: receipts_page(  # type: ignore[misc]
                    connection, sought, before, PAGE_ROWS_MAX, in_zone
                )
            )
            yield "".join(line_of(cells(receipt)) for receipt in page.receipts[:left])
            left -= len(page.receipts)
            before = page.before
            if not before:
                return
        yield cut_after(USAGE_ROWS_MAX)

    async def receipt(self, visit: Visit) -> Response:
        """One answer's receipt. Another customer's is not found, as one that does not exist."""
        id = AnswerId(visit.path["answer"])
        found = await self._app.database.read(lambda connection: answering_store.receipt(connection, id))
        if found is None or found.customer != visit.customer.id:
            raise NotFound("no_such_answer", "there is no such answer of yours", param="id")

        def look(connection: Connection) -> tuple[dict[str, str], Tax]:
            return self._keys(connection, visit.customer), profile_at(connection, found.customer, found.at_us).tax

        keys, tax = await self._app.database.read(look)
        route = self._app.desk.routes.get(found.model)
        drawn = slip(found, Shown("", route.price_cards if route is not None else (), tax), visit.texts)
        return visit.page(
            "chat/receipt.html", receipt=found, key=keys.get(found.key, found.key),
            quantities=[(name, getattr(found, name)) for name in _BUCKETS if getattr(found, name)],
            included=Money(found.included_grains, found.currency), why=drawn["why"],
            gift=Money(found.granted_grains, found.currency), due=money(drawn["due"], found.currency),
            worth=money(drawn["charge"], found.currency),
            lines=[(line["name"], line["quantity"], money(line["amount"], found.currency)) for line in drawn["lines"]],
            decimals=max([2, *(len(line["amount"].partition(".")[2]) for line in drawn["lines"])]),
            watt_hours=watt_hours(found.energy_uj) if found.energy_uj else "",
        )  # fmt: skip

    def _keys(self, connection: Connection, customer: Customer) -> dict[str, str]:
        found = identity_store.keys_page(connection, customer.id, "", PAGE_ROWS_MAX)
        return {key.id: f"{key.name or key.id} …{key.hint}" for key in found}


def watt_hours(energy_uj: int) -> str:
    """Two figures of a fraction, however small, as under the answer: an answer takes some thousandths."""
    whole, _, fraction = decimals(energy_uj, UJ_PER_WATT_HOUR, 9).partition(".")
    zeros = len(fraction) - len(fraction.lstrip("0")) if whole == "0" else 0
    return f"{whole}.{fraction[: zeros + 2]}"


def _sought(visit: Visit) -> Sought:
    return Sought(customer=visit.customer.id, key=_word(visit, "key"), model=_word(visit, "model"))


def _word(visit: Visit, name: str) -> str:
    """A member of the address. Raises Invalid for what is no name."""
    text = visit.query.get(name, "")
    if len(text) > NAME_CHARACTERS_MAX or not text.isprintable():
        raise Invalid("bad_request", f"{name}: there is no such one", param=name)
    return text


def cells(receipt: Receipt) -> tuple[str, ...]:
    """What a table or document says of an answer, by HEAD."""
    used = receipt.usage
    return (
        iso(receipt.at_us), receipt.id, receipt.model, receipt.key, receipt.end_user, receipt.outcome,
        str(all_input_tokens(used)), str(all_output_tokens(used)), plain(receipt.charge),
        plain(Money(receipt.included_grains, receipt.currency)), receipt.currency,
    )  # fmt: skip
