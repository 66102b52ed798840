"""What is kept of answers that may be asked again: bounded in time and bytes, and let go when nobody listens."""

from __future__ import annotations

import asyncio

import pytest

from solvent.app.http import Message, Receive, Send, read_body, respond, until_gone
from solvent.gateway.repeats import Repeats, Telling
from solvent.identity.caller import Caller
from solvent.values.errors import Conflict
from solvent.values.ids import KeyId
from solvent.values.instant import DAY_US
from solvent.values.limits import REPEAT_BYTES_MAX, REPEATS_BYTES_MAX

KIM = Caller(KeyId("key_kim"), "customer", None)
LEE = Caller(KeyId("key_lee"), "customer", None)
NOW = 10**15


async def stays() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def leaves() -> Message:
    return {"type": "http.disconnect"}


def saying(body: bytes, status: int = 200) -> tuple[list[bytes], object]:
    asked: list[bytes] = []

    async def answer(receive: Receive, send: Send) -> None:
        asked.append(await read_body(receive))
        await respond(send, status, body)

    return asked, answer


async def heard(telling: Telling) -> list[Message]:
    told: list[Message] = []

    async def send(message: Message) -> None:
        told.append(message)

    await telling.listen(send, stays)
    return told


def tell(repeats: Repeats, name: bytes, body: bytes, status: int = 200, now_us: int = NOW) -> tuple[Telling, bool]:
    async def live() -> tuple[Telling, bool]:
        telling, is_new = repeats.take(KIM, name, b"print", now_us)
        if is_new:
            asked, answer = saying(body, status)
            await telling.run(b"question", answer)  # type: ignore[arg-type]
            assert asked == [b"question"]
        told = await heard(telling)
        assert told[-1]["body"] == body
        return telling, is_new

    return asyncio.run(live())


def test_it_is_told_again_for_a_day_to_the_key_that_asked() -> None:
    repeats = Repeats()
    _, first = tell(repeats, b"a", b"said")
    _, again = tell(repeats, b"a", b"said", now_us=NOW + DAY_US - 1)
    assert (first, again) == (True, False)
    assert repeats.take(LEE, b"a", b"other", NOW)[1]
    with pytest.raises(Conflict) as caught:
        repeats.take(KIM, b"a", b"another question", NOW)
    assert caught.value.code == "idempotency_key_conflict"
    assert tell(repeats, b"a", b"said anew", now_us=NOW + DAY_US)[1]


def test_a_failure_is_not_told_again() -> None:
    repeats = Repeats()
    assert [tell(repeats, b"a", b"no", 500)[1], tell(repeats, b"a", b"yes")[1], tell(repeats, b"a", b"yes")[1]] == [
        True, True, False,
    ]  # fmt: skip


def test_the_oldest_go_first_and_what_is_too_long_is_not_kept() -> None:
    repeats, size = Repeats(), REPEAT_BYTES_MAX
    for n in range(REPEATS_BYTES_MAX // size + 2):
        tell(repeats, b"%d" % n, b"x" * size)
    tell(repeats, b"long", b"x" * (size + 1))
    repeats.forget_some(NOW)
    is_new = {name: repeats.take(KIM, name, b"print", NOW)[1] for name in (b"0", b"1", b"2", b"long")}
    assert is_new == {b"0": True, b"1": True, b"2": False, b"long": True}


def test_when_everybody_has_left_for_good_it_ends() -> None:
    """A moment later, though: they may have lost the connection, and come back."""
    ends: list[str] = []

    async def answer(receive: Receive, send: Send) -> None:
        await read_body(receive)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await until_gone(receive)
        ends.append("left")

    async def live() -> None:
        telling = Telling(b"print", NOW, grace_s=0.05)
        running = asyncio.ensure_future(telling.run(b"", answer))

        async def send(_message: Message) -> None:
            pass

        await telling.listen(send, leaves)
        assert ends == []
        back = asyncio.ensure_future(heard(telling))
        await asyncio.sleep(0.1)
        assert ends == [], "somebody came back in time"
        back.cancel()
        await asyncio.wait_for(running, 5)
        assert ends == ["left"]

    asyncio.run(live())


def test_what_broke_off_is_asked_anew() -> None:
    async def live() -> None:
        async def answer(_receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"half of a so", "more_body": True})

        repeats = Repeats()
        telling, _ = repeats.take(KIM, b"a", b"print", NOW)
        await telling.run(b"question", answer)
        assert not telling.is_whole
        again, is_new = repeats.take(KIM, b"a", b"print", NOW)
        assert is_new
        assert again is not telling

    asyncio.run(live())
