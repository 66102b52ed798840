"""One upstream behind one base URL: what every adapter over HTTP does alike, whatever dialect it speaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter

import msgspec

from solvent.providers.faults import Faults
from solvent.providers.port import Settings
from solvent.providers.rate_left import rest_s, tells_rates
from solvent.values.limits import UPSTREAM_BODY_BYTES_MAX
from solvent.wire.client import open_client
from solvent.wire.origin import Origin
from solvent.wire.pool import Timeouts
from solvent.wire.reply import Reply

_JSON = "application/json"
_NOTHING = b"0"
_NAME: Callable[[tuple[bytes, bytes]], bytes] = itemgetter(0)
_FAILING = 500


class _Served(msgspec.Struct):
    id: str


class _Named(msgspec.Struct):
    name: str


class _ServedList(msgspec.Struct):
    """data: as OpenAI lists models; models: as Google does."""

    data: list[_Served] = []
    models: list[_Named] = []

    def names(self) -> tuple[str, ...]:
        return (*(one.id for one in self.data), *(one.name.removeprefix("models/") for one in self.models))


_decode_served = msgspec.json.Decoder(_ServedList).decode


class Upstream:
    """faults: what it says when it does not answer. members: that the settings send with every question.

    base_url: where it is when the settings do not say. stream_type: the content type of a stream.
    """

    def __init__(
        self,
        settings: Settings,
        headers: Mapping[str, str],
        base_url: str = "",
        stream_type: str = "text/event-stream",
    ) -> None:
        self._stream_type = stream_type
        self._rests = settings.rests
        self._names: list[bytes] = []  # of the headers that came last
        self._tells_rates = False
        self._traced = settings.traced
        self.faults = Faults(settings.name, settings.key)
        self.members = {key: msgspec.Raw(msgspec.json.encode(value)) for key, value in settings.members.items()}
        timeouts = Timeouts(settings.connect_s, settings.first_byte_s, settings.silence_s, settings.total_s)
        origin = Origin.parse(settings.base_url or base_url)
        said = {"content-type": _JSON, **headers}  # with every request, so that they are encoded once
        self._client = open_client(origin, settings.proxies, headers=said, timeouts=timeouts)

    async def ask(self, path: str, body: bytes, *, streams: bool, content_type: str = _JSON) -> Reply:
        """Its reply to a question, which the caller closes. Raises what the upstream says when it is no answer."""
        named = None if content_type == _JSON else {"content-type": content_type}
        if self._traced is not None:
            named = {**(named or {}), **self._traced()}
        reply = await self._client.send("POST", path, named, body)
        try:
            if reply.status != 200:
                raise await self.faults.of(reply)
            if self._rests is not None:
                self._hear_rates(reply, self._rests)
            if streams:
                kind = reply.header(b"content-type")
                if not kind.startswith(self._stream_type):
                    raise self.faults.garbage("it answered a stream with " + (kind or "nothing"))
        except BaseException:
            reply.close()
            raise
        return reply

    def _hear_rates(self, reply: Reply, rests: Callable[[int], None]) -> None:
        """Whether our key has something left of its rates. An upstream's answers have nearly always the same headers,
        so whether they say anything of rates is found out once; that nothing is left stands among them as a 0."""
        names = [*map(_NAME, reply.raw_headers)]
        if names != self._names:
            self._names, self._tells_rates = names, tells_rates(names)
        is_spent = self._tells_rates and _NOTHING in [value.strip() for _, value in reply.raw_headers]
        if is_spent and (pause_s := rest_s(reply.headers)):
            rests(pause_s)

    async def fetch(self, method: str, path: str) -> Reply | None:
        """Its reply to what has no body, which the caller closes; None where it knows nothing of the path. Raises what
        the upstream says when it is no answer."""
        reply = await self._client.send(method, path, {}, b"")
        try:
            if reply.status not in (200, 404):
                raise await self.faults.of(reply)
            if reply.status == 404:
                reply.close()
                return None
        except BaseException:
            reply.close()
            raise
        return reply

    async def served(self, path: str = "/models") -> tuple[str, ...]:
        """See `Provider.probe`."""
        reply = await self._client.send("GET", path, {}, b"")
        try:
            if reply.status != 200:
                raise await self.faults.of(reply)
            return _decode_served(await reply.read(UPSTREAM_BODY_BYTES_MAX)).names()
        except msgspec.DecodeError:
            raise self.faults.garbage("its model list is not readable") from None
        finally:
            reply.close()

    async def reach(self) -> None:
        """Raises Unavailable when it does not answer at all, or not as what it should be."""
        reply = await self._client.send("GET", "/", {}, b"")
        try:
            if reply.status >= _FAILING:
                raise await self.faults.of(reply)
        finally:
            reply.close()

    async def close(self) -> None:
        """Let go of all connections."""
        await self._client.close()
