"""/v1/batches: files of questions that are answered in the background, as OpenAI's clients ask for it."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from solvent.app.build import App
from solvent.app.http import Receive, Scope, read_body
from solvent.batching import store
from solvent.batching.batch import ENDPOINTS, WINDOW, Batch
from solvent.batching.cancel_batch import cancel_batch
from solvent.batching.open_batch import open_batch
from solvent.batching.result import faults_of, no_such_batch
from solvent.db.port import Connection
from solvent.gateway.endpoints import Body
from solvent.gateway.files import kept_for_us, page_body
from solvent.gateway.reading import read_members, read_query
from solvent.identity.caller import Caller, demand_customer, demand_wallet
from solvent.identity.permission import demand_use
from solvent.values.errors import Invalid
from solvent.values.ids import new_id
from solvent.values.instant import US_PER_S
from solvent.values.limits import (
    BATCH_S_MAX,
    METADATA_MEMBERS_MAX,
    METADATA_NAME_CHARACTERS_MAX,
    METADATA_VALUE_CHARACTERS_MAX,
)
from solvent.values.money import Money, plain

PATH: Final = "/v1/batches/"
_CANCEL: Final = "/cancel"
_ENDS: Final = ("completed", "failed", "expired", "cancelled")
_MEMBERS: Final = {"input_file_id", "endpoint", "completion_window", "metadata", "output_expires_after"}


class _Kept(msgspec.Struct):
    anchor: str
    seconds: int


class _Wish(msgspec.Struct):
    input_file_id: str
    endpoint: str
    completion_window: str
    metadata: dict[str, str] | None = None
    output_expires_after: _Kept | None = None


class _Query(msgspec.Struct, forbid_unknown_fields=True):
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    after: str = ""


_decoder = msgspec.json.Decoder(_Wish)


async def create(app: App, caller: Caller, _scope: Scope, receive: Receive) -> Body:
    """POST /v1/batches: it is checked and asked in the background, with this key."""
    customer = demand_customer(caller)
    wish, members = read_members(await read_body(receive), _decoder)
    if not app.config.batch_lines_at_once:
        raise Invalid("not_served", "batches are switched off here; ask each question by itself", param="endpoint")
    _check(wish, set(members))
    demand_use(caller, wish.endpoint)
    kept = wish.output_expires_after
    anchor, seconds = (kept.anchor, kept.seconds) if kept else (None, None)
    now_us = app.desk.now_us()
    batch = Batch(
        id=new_id("batch", now_us, app.desk.entropy()),
        customer=customer.id,
        key=caller.key,
        endpoint=wish.endpoint,
        input_file=wish.input_file_id,
        metadata=msgspec.json.encode(wish.metadata).decode(),
        kept_us=kept_for_us(anchor, seconds, "output_expires_after"),
        created_us=now_us,
        expires_us=now_us + BATCH_S_MAX * US_PER_S,
    )
    await open_batch(batch, app.database)
    return batch_body(batch, app.config.currency)


def _check(wish: _Wish, members: set[str]) -> None:
    for name in members - _MEMBERS:
        raise Invalid("bad_request", f"{name[:40]}: a batch has no such member", param=name[:40])
    if wish.endpoint not in ENDPOINTS:
        message = f"endpoint: {wish.endpoint[:60]!r} is not asked in batches; it is one of {', '.join(ENDPOINTS)}"
        raise Invalid("bad_request", message, param="endpoint")
    if wish.completion_window != WINDOW:
        raise Invalid("bad_request", f"completion_window: it is {WINDOW}", param="completion_window")
    metadata = wish.metadata or {}
    if len(metadata) > METADATA_MEMBERS_MAX or any(
        len(name) > METADATA_NAME_CHARACTERS_MAX or len(value) > METADATA_VALUE_CHARACTERS_MAX
        for name, value in metadata.items()
    ):
        message = (
            f"metadata: at most {METADATA_MEMBERS_MAX} members, their names up to {METADATA_NAME_CHARACTERS_MAX} "
            f"characters and their values up to {METADATA_VALUE_CHARACTERS_MAX}"
        )
        raise Invalid("bad_request", message, param="metadata")


async def listed(app: App, caller: Caller, scope: Scope, _receive: Receive) -> Body:
    """GET /v1/batches: those of the customer, newest first."""
    query, customer = read_query(scope, _Query), demand_wallet(caller).id
    found = await app.database.read(lambda connection: store.page(connection, customer, query.after, query.limit + 1))
    return page_body([batch_body(batch, app.config.currency) for batch in found], query.limit)


async def one(app: App, caller: Caller, scope: Scope, _receive: Receive) -> Body:
    """GET /v1/batches/{id}: how far it is, and in the end its files."""
    id, customer = scope["path"].removeprefix(PATH), demand_wallet(caller).id

    def read(connection: Connection) -> Batch:
        found = store.batch(connection, id) if id.isprintable() else None
        if found is None or found.customer != customer:
            raise no_such_batch(id)
        return found

    return batch_body(await app.database.read(read), app.config.currency)


async def canceled(app: App, caller: Caller, scope: Scope, _receive: Receive) -> Body:
    """POST /v1/batches/{id}/cancel."""
    id, is_cancel, rest = scope["path"].removeprefix(PATH).partition(_CANCEL)
    if not is_cancel or rest:
        raise no_such_batch(id)
    found = await cancel_batch(id, demand_wallet(caller).id, app.database, app.desk.now_us())
    return batch_body(found, app.config.currency)


def batch_body(batch: Batch, currency: str) -> Body:
    """A batch as clients read it, and what its answers came to so far."""
    faults = [msgspec.structs.asdict(fault) for fault in faults_of(batch)]
    ended = {f"{state}_at": _s(batch.ended_us if batch.state == state else 0) for state in _ENDS}
    return {
        "id": batch.id,
        "object": "batch",
        "endpoint": batch.endpoint,
        "errors": {"object": "list", "data": faults} if faults else None,
        "input_file_id": batch.input_file,
        "completion_window": WINDOW,
        "status": batch.state,
        "output_file_id": batch.output_file or None,
        "error_file_id": batch.error_file or None,
        "created_at": _s(batch.created_us),
        "in_progress_at": _s(batch.in_progress_us),
        "expires_at": _s(batch.expires_us),
        "finalizing_at": _s(batch.finalizing_us),
        "cancelling_at": _s(batch.cancelling_us),
        **ended,
        "request_counts": {"total": batch.total, "completed": batch.completed, "failed": batch.failed},
        "metadata": msgspec.Raw(batch.metadata.encode()),
        "solvent": {"charge": plain(Money(batch.charge_grains, currency)), "currency": currency},
    }


def _s(at_us: int) -> int | None:
    return at_us // US_PER_S or None
