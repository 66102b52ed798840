"""What the service logs, one line an event: as text for people, or as JSON for whoever collects logs.

No prompt, no answer and no secret is in it: only ids, names and numbers that receipts hold, and messages of ours.
"""

from __future__ import annotations

import logging
from typing import Final, Literal

import msgspec

from solvent.answering.receipt import Receipt
from solvent.values.instant import iso
from solvent.values.money import plain

LogFormat = Literal["text", "json"]
_PLAIN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_answers = logging.getLogger("solvent.answers")


def set_up(form: LogFormat) -> None:
    """Log to standard error: warnings of everybody, answers where that is asked for, and changes of settings."""
    written = logging.StreamHandler()
    written.setFormatter(_Json() if form == "json" else _Text())
    logging.basicConfig(level=logging.WARNING, handlers=[written], force=True)
    for name in ("solvent.answers", "solvent.settings"):
        logging.getLogger(name).setLevel(logging.INFO)


def log_answer(receipt: Receipt) -> None:
    """One line of an answer that is on the books."""
    facts = {
        "request_id": receipt.id, "customer": receipt.customer, "key": receipt.key, "plan": receipt.plan,
        "model": receipt.model, "provider": receipt.provider, "upstream": receipt.upstream,
        "outcome": receipt.outcome, "finish": receipt.finish, "fault": receipt.fault, "tries": receipt.tries,
        "streamed": bool(receipt.streamed), "input_tokens": receipt.input_tokens + receipt.cached_input_tokens,
        "cached_input_tokens": receipt.cached_input_tokens, "output_tokens": receipt.output_tokens,
        "charge": plain(receipt.charge), "cost": plain(receipt.cost), "currency": receipt.currency,
        "first_token_ms": receipt.first_token_us // 1000 if receipt.first_token_us >= 0 else None,
        "total_ms": receipt.total_us // 1000,
    }  # fmt: skip
    _answers.info("%s", receipt.outcome, extra=facts)


def _facts(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _PLAIN}


class _Json(logging.Formatter):
    """One object a line; a traceback is one of its members."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        said: dict[str, object] = {
            "at": iso(int(record.created * 1_000_000)), "level": record.levelname.lower(), "logger": record.name,
            "message": record.getMessage(), **_facts(record),
        }  # fmt: skip
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(said, enc_hook=str).decode()


class _Text(logging.Formatter):
    """The level, who says it, what, and the facts as NAME=VALUE; a traceback follows on lines of its own."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the library's name
        """See `logging.Formatter`."""
        facts = [f"{name}={value}" for name, value in _facts(record).items() if value not in ("", None)]
        return " ".join([super().formatMessage(record), *facts])
