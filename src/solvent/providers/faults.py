"""What an upstream says when it does not answer, as our errors: in its words, and never with our key."""

from __future__ import annotations

from typing import Final

import msgspec

from solvent.values.errors import Invalid, Unavailable
from solvent.wire.reply import Reply

ERROR_BYTES_MAX: Final = 64 * 1024
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # all that a stranger's JSON may raise
_OUR_FAULT: Final = {400, 404, 405, 413, 415, 422}  # the question itself is refused: not a matter of retrying
_BUSY: Final = {429, 529}  # 529 is how Anthropic says that it is overloaded


class _Fault(msgspec.Struct):
    message: str = ""
    param: str | None = None


class _FaultBody(msgspec.Struct):
    error: _Fault | str | None = None


_decode = msgspec.json.Decoder(_FaultBody, strict=False).decode


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
        return self.said(body, reply.status)

    def said(self, body: bytes, status: int | None) -> Invalid | Unavailable:
        """What an error body says; status None: in the middle of an answer. What cannot be read is not repeated."""
        try:
            fault = _decode(body).error
        except UNREADABLE:
            fault = None
        words = self._without_key(fault if isinstance(fault, str) else fault.message if fault else "")
        if status in _OUR_FAULT:
            param = self._without_key(fault.param)[:100] if isinstance(fault, _Fault) and fault.param else None
            message = f"the model does not accept this question: {words[:500] or f'status {status}'}"
            return Invalid("upstream_refused", message, param=param)
        if status in (401, 402, 403):
            # Its words may repeat part of the key we sent, or tell of our bill there.
            message = "the model's provider does not accept our key or account; the operator must see to it"
            return Unavailable("upstream_key_refused", message, upstream_status=status)
        if status in _BUSY:
            message = f"the model's provider is limiting us: {words[:200] or 'too many requests'}"
            return Unavailable("upstream_busy", message, retry_after_s=5, upstream_status=status)
        where = f"with status {status}" if status else "in the middle of its answer"
        message = f"the model's provider failed {where}: {words[:200] or 'it gave no reason'}"
        return Unavailable("upstream_failed", message, upstream_status=status)

    def garbage(self, what: str) -> Unavailable:
        """What came cannot be understood."""
        return Unavailable("upstream_garbage", f"{self._name} cannot be understood: {what[:200]}")

    def _without_key(self, words: str) -> str:
        return words.replace(self._key, "[our key]") if self._key else words
