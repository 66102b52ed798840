"""Closing months by itself, as the settings say; when it fails, a person is told."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from solvent.answering.fold_store import fold
from solvent.app.config import Config
from solvent.audit import alarm_store
from solvent.audit.alarm import alarm
from solvent.billing import close_store
from solvent.billing.close_ended_months import close_ended_months
from solvent.db.port import Connection, Database
from solvent.margin.earned_store import add_earned
from solvent.margin.store import Folded
from solvent.margin.usage_store import Used, used_by
from solvent.values.instant import US_PER_S

log = logging.getLogger("solvent.app")
_DAY_US = 86_400 * US_PER_S


def usage(connection: Connection, customers: Sequence[str], from_day: int, until_day: int) -> list[Used]:
    """What customers used in the days [from_day, until_day), for a closing: it has folded before it reads this."""
    return used_by(Folded(connection), customers, from_day, until_day)


async def close_months(config: Config, database: Database, now_us: int) -> None:
    """Close what has ended long enough ago; an alarm a day while that fails. It is tried again the next time."""
    days = config.invoice.close_months_after_days
    if not days:
        return
    try:
        closed = await close_ended_months(
            days, config.currency, usage, database, now_us, due_days=config.invoice.due_days, add_earned=add_earned,
            fold=fold,
        )  # fmt: skip
    except Exception as wrong:
        month = await database.read(close_store.next_to_close)
        words = {"month": month, "why": str(wrong)[:500] or type(wrong).__name__}
        raised = alarm("month_not_closed", str(month), str(now_us // _DAY_US), now_us, **words)
        await database.write(lambda connection: alarm_store.raise_alarms(connection, [raised]))
        log.exception("month %s could not be closed; that is tried again", month)
        return
    if closed:
        log.info("closed %s", ", ".join(map(str, closed)))
