"""/v1/answers: the receipts of one's own answers, newest first."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from solvent.answering.receipt_store import Sought, receipts_page
from solvent.app.bills import receipt_for_customer
from solvent.app.build import App
from solvent.app.http import Receive, Scope
from solvent.gateway.endpoints import Body
from solvent.gateway.reading import read_query
from solvent.identity.caller import Caller, demand_wallet
from solvent.values.errors import Invalid
from solvent.values.limits import NAME_CHARACTERS_MAX, PAGE_ROWS, PAGE_ROWS_MAX

_WORD: Final = Meta(max_length=NAME_CHARACTERS_MAX)


class _Query(msgspec.Struct, forbid_unknown_fields=True):
    """Which answers: of an end user, a key (its id) and a model; "" for any. before: older than that answer."""

    user: Annotated[str, _WORD] = ""
    key: Annotated[str, _WORD] = ""
    model: Annotated[str, _WORD] = ""
    before: Annotated[str, _WORD] = ""
    limit: Annotated[int, Meta(ge=1, le=PAGE_ROWS_MAX)] = PAGE_ROWS


async def listed(app: App, caller: Caller, scope: Scope, _receive: Receive) -> Body:
    """GET /v1/answers. A page may have no receipt and yet a next one: so far was looked, and no further at once."""
    query, customer = read_query(scope, _Query), demand_wallet(caller).id
    for name in ("user", "key", "model", "before"):
        if not getattr(query, name).isprintable():
            raise Invalid("bad_request", f"{name}: has characters that cannot be printed; none has such", param=name)
    sought = Sought(customer=customer, key=query.key, end_user=query.user, model=query.model)
    in_zone = app.desk.time_zone
    page = await app.database.read(lambda c: receipts_page(c, sought, query.before, query.limit, in_zone))
    return {
        "object": "list",
        "data": [receipt_for_customer(receipt) for receipt in page.receipts],
        "next_before": page.before or None,
    }
