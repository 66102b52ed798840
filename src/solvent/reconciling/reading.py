"""From the text of a bill, and the terms it comes with, to its sums."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec

from solvent.reconciling.alias import aliases_of
from solvent.reconciling.bill import ReadBill
from solvent.reconciling.reports import Report
from solvent.reconciling.summed import Faults, summed
from solvent.reconciling.table import Table
from solvent.values.money import minor_digits


class Terms(msgspec.Struct, frozen=True):
    """What comes with a file. columns: as a layout is mapped, "" to know it by its columns. currency: where no column
    says it. zone: whose days the bill's are. since, until: the days it is for, [since, until); None as the file says.
    aliases: names of the bill with ours. rate: what was said for all days, in words; "" for the books' own.
    """

    zone: str = "UTC"
    columns: str = ""
    aliases: str = ""
    currency: str = ""
    since: int | None = None
    until: int | None = None
    rate: str = ""


def read_bill(text: str, terms: Terms) -> ReadBill:
    """The same text under the same terms has the same digest. Raises Invalid telling what is wrong, by row and
    column."""
    faults = Faults()
    zone = ZoneInfo(terms.zone)
    if terms.currency:
        minor_digits(terms.currency)
    aliases_of(terms.aliases)
    told = f"{msgspec.json.encode(terms).decode()}\x1f{text}"
    if text.lstrip().startswith(("{", "[")):
        report = Report(text, zone, faults)
        rows = list(report.rows())
        return summed(rows, f"{report.layout.name}.json", faults, (terms.since, terms.until), report.days, told)
    table = Table(text, terms.columns, terms.currency, zone, faults)
    return summed(table.rows(), table.layout.name, faults, (terms.since, terms.until), (), told)
