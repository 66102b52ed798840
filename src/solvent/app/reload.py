"""Takes in changed settings while the service runs: all of them that can change, at once, or none.

What is under way goes on with what it began with; what it uses is closed when it has ended.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from solvent.answering.desk import Desk, Era
from solvent.app.build import App, now_us
from solvent.app.cards import read_cards
from solvent.app.class_costs import class_costs
from solvent.app.config import Config
from solvent.app.plan_entries import log_terms
from solvent.app.plans import meant_losses, read_plans
from solvent.app.routes import Routes, open_routes, read_exchanges
from solvent.billing.publish_plans import publish_plans
from solvent.pricing.exchange_store import keep_exchanges
from solvent.values.instant import DAY_US
from solvent.values.limits import RELOAD_GRACE_S

# What the books, the payments and the pages were opened with.
UNTIL_RESTART: Final = (
    "currency", "time_zone", "database", "public_url", "first_run", "hardware", "invoice", "payments",
    "mail", "identity_providers", "telemetry", "guards", "batch_lines_at_once",
)  # fmt: skip


async def reload(app: App, read: Config) -> tuple[str, ...]:
    """Put a configuration in force. Returns the settings that are otherwise in it and wait for a restart.

    Raises Invalid or Refused, and leaves everything as it was.
    """
    waiting = tuple(name for name in UNTIL_RESTART if getattr(read, name) != getattr(app.config, name))
    config = msgspec.structs.replace(read, **{name: getattr(app.config, name) for name in waiting})
    plans, exchanges = read_plans(config), read_exchanges(config)
    cards = read_cards(app.near, exchanges)
    # In a thread: loading a model takes a while, and answers go on.
    routes = await asyncio.to_thread(open_routes, config, cards, app.near, now_us(), app.routes)
    desk = app.desk
    try:
        tried = Desk(
            desk.database, desk.now_us, desk.entropy, desk.currency, desk.time_zone, routes.by_model, desk.take_over,
            exchanges,
        )  # fmt: skip
        await publish_plans(plans, meant_losses(config), await class_costs(tried), app.database, now_us())
        await app.database.write(lambda connection: keep_exchanges(connection, exchanges))
    except BaseException:
        routes.give_up(app.routes)
        raise
    before, app.routes, app.plans, app.config = app.routes, routes, plans, config
    routes.take_over(before)
    app.watches.begin(routes)
    over = desk.set_anew(routes.by_model, routes.pools, exchanges, config.keep_responses_days * DAY_US)
    desk.logbook.terms = log_terms(config.request_log)
    for told in app.on_reload:
        told()
    app.background.start(_close_when_over(before, over, app))
    return waiting


async def _close_when_over(before: Routes, over: list[Era], app: App) -> None:
    """Close routes once every answer that began before they were replaced has ended."""
    waited_s = 0.0
    try:
        # At first in any case: a question may have chosen its route and still wait for what pays for it.
        while any(era.under_way for era in over) or (waited_s < RELOAD_GRACE_S and not app.stopping):
            await asyncio.sleep(0.1)
            waited_s += 0.1
    finally:
        app.desk.eras = [era for era in app.desk.eras if era not in over or era.under_way]
        await app.watches.end(before)
        await before.close()
