"""What an upstream says when it does not answer, as our errors: in its words, and never with our key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from solvent.values.errors import Invalid, Unavailable
from solvent.values.limits import UPSTREAM_BUSY_S, UPSTREAM_BUSY_S_MAX
from solvent.wire.reply import Reply

ERROR_BYTES_MAX: Final = 64 * 1024
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # all that a stranger's JSON may raise
_OUR_FAULT: Final = {400, 404, 405, 413, 415, 422}  # the question itself is refused: not a matter of retrying
_BUSY: Final = {429, 529}  # 529 is how Anthropic says that it is overloaded
# Where vendors keep their words, best first: {"error": {"message"}} is OpenAI's, {"message"} Mistral's and AWS's,
# {"detail": [{"msg"}]} FastAPI's, {"status": {"message"}} NAVER's.
_WORDED: Final = ("error", "message", "Message", "detail", "msg", "status")
_SAID_MAX: Final = 3  # of a list of faults
_MODERATED: Final = {"flagged_input", "reasons"}
_BAD_KEY: Final = "API_KEY_INVALID"
_About = Literal["", "question", "key"]

_decode = msgspec.json.Decoder().decode


class Faults:
    """The faults of one upstream. key: our secret there, which no error repeats."""

    def __init__(self, name: str, key: str) -> None:
        self._name = name
        self._key = key

    async def of(self, reply: Reply) -> Invalid | Unavailable:
        """What a reply that is no answer says."""
        try:
            body = await reply.read(ERROR_BYTES_MAX)
        except Unavailable:  # its reasons are lost or too long, its status is not
            body = b""
        return self.said(body, reply.status, _pause_s(reply.headers))

    def said(self, body: bytes, status: int | None, pause_s: int = UPSTREAM_BUSY_S) -> Invalid | Unavailable:
        """What an error body says; status None: in the middle of an answer. What cannot be read is not repeated.

        pause_s: for how long one that limits us wants to be left alone.
        """
        words, param, about = self._read(body)
        if about != "key" and (status in _OUR_FAULT or (status == 403 and about == "question")):
            message = f"the model does not accept this question: {words[:500] or f'status {status}'}"
            return Invalid("upstream_refused", message, param=param[:100] or None)
        if status in (401, 402, 403) or about == "key":
            # Its words may repeat part of the key we sent, or tell of our bill there.
            message = "the model's provider does not accept our key or account; the operator must see to it"
            return Unavailable("upstream_key_refused", message, upstream_status=status)
        if status in _BUSY:
            message = f"the model's provider is limiting us: {words[:200] or 'too many requests'}"
            return Unavailable("upstream_busy", message, retry_after_s=pause_s, upstream_status=status)
        where = f"with status {status}" if status else "in the middle of its answer"
        message = f"the model's provider failed {where}: {words[:200] or 'it gave no reason'}"
        return Unavailable("upstream_failed", message, upstream_status=status)

    def garbage(self, what: str) -> Unavailable:
        """What came cannot be understood."""
        return Unavailable("upstream_garbage", f"{self._name} cannot be understood: {what[:200]}")

    def repeated(self, words: str) -> str:
        """Its words as they may be told to anybody."""
        return self._without_key(words)[:500]

    def _read(self, body: bytes) -> tuple[str, str, _About]:
        """Its words, the member it names, and what it is about where its status says something else."""
        try:
            said = _decode(body)
            words = self._without_key(_words(said))
        except UNREADABLE:
            return "", "", ""
        error = said.get("error") if isinstance(said, dict) else None
        if not isinstance(error, dict):
            return words, "", ""
        param = error.get("param")
        return words, self._without_key(param) if isinstance(param, str) else "", _about(error)

    def _without_key(self, words: str) -> str:
        return words.replace(self._key, "[our key]") if self._key else words


def _pause_s(headers: Mapping[str, str]) -> int:
    """How long a busy upstream wants to be left alone, in whole seconds: as it says, within reason."""
    said = headers.get("retry-after", "")
    if said.isdecimal() and len(said) < 10:
        return min(UPSTREAM_BUSY_S_MAX, max(1, int(said)))
    return UPSTREAM_BUSY_S


def _about(error: Mapping[str, Any]) -> _About:
    """OpenRouter's moderators stop a question with a 403; Google says with a 400 that a key is not valid."""
    metadata, details = error.get("metadata"), error.get("details")
    if isinstance(metadata, dict) and not metadata.keys().isdisjoint(_MODERATED):
        return "question"
    reasons = [one.get("reason") for one in details if isinstance(one, dict)] if isinstance(details, list) else []
    return "key" if _BAD_KEY in reasons else ""


def _words(said: Any) -> str:
    """The words of an error body, wherever its vendor keeps them; "" where there are none."""
    if isinstance(said, str):
        return said
    if isinstance(said, list):
        return "; ".join(filter(None, map(_words, said[:_SAID_MAX])))
    if not isinstance(said, dict):
        return ""
    words = next(filter(None, (_words(said[name]) for name in _WORDED if name in said)), "")
    where = ".".join(str(step) for step in said["loc"]) if isinstance(said.get("loc"), list) else ""
    return f"{where}: {words}" if where else words
