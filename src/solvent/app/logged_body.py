"""Answers of the request log as JSON, for the doors at which they are read."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from solvent.answering.logged import Logged
from solvent.billing.plan import Keep
from solvent.values.instant import iso


class LoggedBody(msgspec.Struct, kw_only=True):
    """An answer in the request log, without its texts. asked_characters, told_characters: before any mask or cut."""

    object: Literal["logged_answer"] = "logged_answer"
    id: str
    at: str
    customer: str
    key: str
    model: str
    task: str
    keep: Keep
    asked_characters: int
    told_characters: int
    kept_until: str


class LoggedTexts(LoggedBody, kw_only=True):
    """An answer in the request log. asked, told: JSON, masked; null where its texts are not kept."""

    asked: Any
    told: Any


def logged_body(one: Logged) -> LoggedBody:
    """An answer of a list."""
    return LoggedBody(
        id=one.id, at=iso(one.at_us), customer=one.customer, key=one.key, model=one.model, task=one.task,
        keep=one.keep, asked_characters=one.asked_characters, told_characters=one.told_characters,
        kept_until=iso(one.until_us),
    )  # fmt: skip


def logged_texts(one: Logged) -> LoggedTexts:
    """An answer with what was asked and told."""
    asked, told = (msgspec.Raw((side or "null").encode()) for side in (one.asked, one.told))
    return LoggedTexts(**msgspec.structs.asdict(logged_body(one)), asked=asked, told=told)
