"""Operations on the request log: list it, read one answer, forget a customer's, and keep nothing of them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from solvent.answering.forget_logged import forget_logged
from solvent.answering.logged import Logged
from solvent.answering.logged_store import newest_logged
from solvent.answering.read_logged import read_logged
from solvent.app.logged_body import LoggedBody, LoggedTexts, logged_body, logged_texts
from solvent.console.members import WORD
from solvent.console.operation import Asked, Nothing, Operation, Page, PageQuery, page_of, reading
from solvent.db.port import Connection
from solvent.identity.caller import LogWish
from solvent.office.change_customer import CustomerChange, change_customer
from solvent.values.ids import CustomerId
from solvent.values.period import first_day, start_of_day


class LogQuery(PageQuery, forbid_unknown_fields=True, kw_only=True):
    """Which answers."""

    customer: Annotated[str, WORD, Meta(description="only this one's: an id")] = ""
    model: Annotated[str, WORD, Meta(description="only of this model")] = ""
    since: Annotated[str, WORD, Meta(description="days like 7d (today counts), or a date in the books' zone")] = ""


class Forgotten(msgspec.Struct, kw_only=True):
    """How many answers of a customer the request log has forgotten."""

    object: Literal["forgotten"] = "forgotten"
    customer: str
    answers: int


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    """What the request log may keep of a customer."""

    keep: Annotated[LogWish, Meta(description="plan: as their plan says; none: nothing, whatever it says")]


class WishBody(msgspec.Struct, kw_only=True):
    """What the request log may keep of a customer's answers from now on."""

    object: Literal["request_log_wish"] = "request_log_wish"
    customer: str
    keep: LogWish


async def logged_answers(asked: Asked[LogQuery, Nothing]) -> Page[LoggedBody]:
    """List what is in the request log, newest first, without its texts."""
    query, business = asked.query, asked.business
    since_us = 0
    if query.since:
        since_us = start_of_day(first_day(query.since, business.now_us(), business.time_zone), business.time_zone)

    def look(connection: Connection) -> list[Logged]:
        return newest_logged(
            connection, query.limit + 1, business.now_us(), customer=query.customer, model=query.model,
            before=query.cursor, since_us=since_us,
        )  # fmt: skip

    rows, cursor = page_of(await business.database.read(look), query.limit, lambda one: one.id)
    return Page([logged_body(one) for one in rows], cursor)


async def logged_answer(asked: Asked[Nothing, Nothing]) -> LoggedTexts:
    """Read what was asked and told, masked; that you read it is on record."""
    return logged_texts(await read_logged(asked.path["answer"], None, asked.act, asked.business.database))


async def forget(asked: Asked[Nothing, Nothing]) -> Forgotten:
    """Delete all that the request log has of a customer. Receipts stay."""
    customer = CustomerId(asked.path["customer"])
    count = await forget_logged(customer, asked.act, asked.business.database)
    return Forgotten(customer=customer, answers=count)


async def keep(asked: Asked[Nothing, Wish]) -> WishBody:
    """Keep nothing of a customer's answers in the request log, or again what their plan says."""
    change = CustomerChange(request_log=asked.body.keep)
    customer, _ = await change_customer(
        CustomerId(asked.path["customer"]), change, asked.act, asked.business.database
    )  # fmt: skip
    return WishBody(customer=customer.id, keep=customer.request_log)


_OF_CUSTOMER = "/v1/customers/{customer}/request_log"
LIST = reading("/v1/request_log", "request_log.read", logged_answers, LogQuery, Page[LoggedBody])
SHOW = reading("/v1/request_log/{answer}", "request_log.read", logged_answer, Nothing, LoggedTexts)
FORGET = Operation("POST", f"{_OF_CUSTOMER}/forget", "request_log.write", forget, Nothing, Nothing, Forgotten)
KEEP = Operation("POST", _OF_CUSTOMER, "request_log.write", keep, Nothing, Wish, WishBody, touches_callers=True)
OPERATIONS = (LIST, SHOW, FORGET, KEEP)
