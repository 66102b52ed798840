"""Videos on real books: whatever dies on the way, each hold ends exactly once, and the books say the same as before."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from tests.answering.desks import Scripted, Shop, check_books, shop
from tests.db.opened import Place

from solvent.answering.claim_repeat import claim_repeat
from solvent.answering.question import Question
from solvent.answering.repeat import Claim
from solvent.app.videos import VideoOrder, hands_of
from solvent.db.port import Connection
from solvent.filming import ending_store, store
from solvent.filming.begin_video import begin_video
from solvent.filming.forget_old_videos import forget_old_videos
from solvent.filming.forget_video import forget_video
from solvent.filming.look_at_video import look_at_video
from solvent.filming.port import Booked, Hands
from solvent.filming.video import Video, pause_us
from solvent.identity.caller import Caller
from solvent.ledger.account import wallet
from solvent.ledger.void_lost_holds import void_lost_holds
from solvent.pricing.rate_card import RateCard
from solvent.providers.port import Call, VideoBytes, VideoTold
from solvent.values.errors import Conflict, NotFound, Refused, SolventError, Unavailable
from solvent.values.ids import CustomerId
from solvent.values.instant import DAY_US, US_PER_S
from solvent.values.limits import VIDEO_BEGIN_S_MAX, VIDEO_DAYS, VIDEO_MISSES_MAX, VIDEO_S_MAX, VIDEOS_UNFINISHED_MAX
from solvent.values.usage import Usage

SECONDS = 8
PRICE_GRAINS, COST_GRAINS = 10**9, 4 * 10**8  # of a second
PRICE = RateCard("filming", "KRW", 0, "test", video_second_picos=PRICE_GRAINS * 10**5)
COST = RateCard("filming-cost", "KRW", 0, "test", video_second_picos=COST_GRAINS * 10**5)
DUE, OWED = SECONDS * PRICE_GRAINS, SECONDS * COST_GRAINS
MONEY = 2 * DUE
PAUSES_S = [2, 2, 4, 8, 16, 30, 30]


class Killed(BaseException):
    """The process dies here: nobody cleans up behind it."""


class Studio(Scripted):
    """A provider of videos. dies_at: where its caller dies. tells: of every look, in order; the last one again."""

    def __init__(self, dies_at: str = "", tells: tuple[VideoTold | SolventError | None, ...] = ()) -> None:
        super().__init__([[]], name="studio")
        self.dies_at = dies_at
        self.tells = tells or (VideoTold("job", "completed", 100),)
        self.ordered: list[Call] = []
        self.looks = 0
        self.deleted: list[str] = []
        self.refuses: SolventError | None = None

    @property
    def videos(self) -> Studio:
        return self

    async def begin(self, call: Call) -> VideoTold:
        self._die("before it is taken")
        if self.refuses is not None:
            raise self.refuses
        self.ordered.append(call)
        self._die("before it is noted")
        return VideoTold("job", "queued")

    async def look(self, id: str) -> VideoTold | None:
        assert id == "job"
        told = self.tells[min(self.looks, len(self.tells) - 1)]
        self.looks += 1
        self._die("before it is settled")
        await asyncio.sleep(0)
        if isinstance(told, SolventError):
            raise told
        return told

    async def open(self, id: str, variant: str) -> VideoBytes | None:
        raise NotImplementedError

    async def delete(self, id: str) -> bool:
        self.deleted.append(id)
        return True

    def _die(self, where: str) -> None:
        if self.dies_at == where:
            raise Killed


def only_b(holder: str) -> bool:
    return holder == "proc_b"


def all_alive(_holder: str) -> bool:
    return True


def ordered(crew: Shop, caller: Caller) -> tuple[Video, VideoOrder]:
    id = crew.question().id
    question = Question(
        id, crew.clock.at_us, "house", {}, stream=False, input_tokens_most=0, output_tokens_asked=1, task="videos",
        beside=Usage(video_seconds=SECONDS),
    )  # fmt: skip
    assert caller.customer is not None
    now_us = crew.clock.at_us
    draft = Video(
        id.replace("ans_", "video_"), id, caller.customer.id, caller.key, "house", SECONDS, "", now_us,
        now_us + VIDEO_S_MAX * US_PER_S, now_us + 2 * int(VIDEO_BEGIN_S_MAX) * US_PER_S, crew.desk.holder,
        next_look_us=now_us + pause_us(0),
    )  # fmt: skip
    return draft, VideoOrder(question, caller, crew.desk)


async def begun(crew: Shop, caller: Caller) -> Video:
    draft, order = ordered(crew, caller)
    return await begin_video(draft, order, hands_of(crew.desk))


async def seen(crew: Shop, id: str) -> Video | None:
    return await crew.desk.database.read(lambda connection: store.video(connection, id))


def on(place: Place, studio: Studio, tell: Callable[[Shop, Shop, Caller], Awaitable[None]]) -> None:
    """Two processes on the same books, and somebody with money for two videos."""

    async def live() -> None:
        async with (
            shop(place, studio, price=PRICE, cost=COST, holder="proc_a", task="videos") as ours,
            shop(place, studio, price=PRICE, cost=COST, holder="proc_b", task="videos") as theirs,
        ):
            caller = await ours.customer("kim", MONEY)
            await tell(ours, theirs, caller)

    asyncio.run(live())


@pytest.mark.parametrize(
    ("dies_at", "is_made"),
    [
        ("before it is taken", False),
        ("before it is noted", False),
        ("before it is settled", True),
        ("before it is told", True),
    ],
)
def test_wherever_a_process_dies_the_others_end_the_hold_once(place: Place, dies_at: str, is_made: bool) -> None:
    studio = Studio(dies_at)

    async def tell(ours: Shop, theirs: Shop, caller: Caller) -> None:
        hands = hands_of(ours.desk)
        draft, order = ordered(ours, caller)

        def settle_and_die(*asked: object) -> Booked:
            booked = hands_of(ours.desk).settle(*asked)  # type: ignore[arg-type]

            def die() -> None:
                raise Killed

            return msgspec.structs.replace(booked, tell=die)

        if dies_at == "before it is told":
            hands = msgspec.structs.replace(hands, settle=settle_and_die)

        async def live_on() -> None:
            await begin_video(draft, order, hands)
            await look_at_video(draft.id, hands, all_alive, is_asked=True)

        with pytest.raises(Killed):
            await live_on()
        studio.dies_at = ""
        theirs.clock.at_us = ours.clock.at_us + pause_us(0)
        lost = await void_lost_holds(theirs.desk.database, theirs.clock(), only_b)
        assert lost == [], "it is no hold of a process that is gone"
        for _ in range(2):
            await look_at_video(draft.id, hands_of(theirs.desk), only_b)
        [receipt] = await check_books(theirs)
        assert (receipt.id, receipt.charge_grains, receipt.cost_grains) == (draft.answer, DUE * is_made, OWED)
        assert receipt.usage == Usage(video_seconds=SECONDS * is_made)
        assert await theirs.left(wallet(draft.customer)) == MONEY - DUE * is_made
        video = await seen(theirs, draft.id)
        assert video is not None
        assert (video.state, video.fault, video.charge_grains) == (
            ("completed", "", DUE) if is_made else ("failed", "video_lost", 0)
        )
        assert studio.looks == (2 if dies_at == "before it is settled" else int(is_made))
        await begun(theirs, caller)  # what was held may be spent again
        theirs.clock.at_us += pause_us(0)
        [other] = await theirs.desk.database.read(lambda connection: store.due(connection, theirs.clock(), 9))
        await look_at_video(other, hands_of(theirs.desk), all_alive)
        assert len(await check_books(theirs)) == 2

    on(place, studio, tell)


def test_two_processes_look_once_and_end_once(place: Place) -> None:
    studio = Studio()

    async def tell(ours: Shop, theirs: Shop, caller: Caller) -> None:
        video = await begun(ours, caller)
        looks = (
            look_at_video(video.id, hands_of(each.desk), all_alive, is_asked=True) for each in (ours, theirs, ours)
        )
        await asyncio.gather(*looks)
        assert studio.looks == 1

        def hear(connection: Connection) -> Booked | None:
            told = VideoTold("job", "failed", fault="too late")
            return ending_store.hear(connection, video.id, told, hands_of(theirs.desk))

        assert await theirs.desk.database.write(hear) is None
        [receipt] = await check_books(ours, theirs)
        assert receipt.charge_grains == DUE

    on(place, studio, tell)


@pytest.mark.parametrize(
    ("tells", "fault", "cost"),
    [
        ((Unavailable("upstream_unreachable", "gone"),), "video_overdue", OWED),
        ((VideoTold("job", "in_progress", 7),), "video_overdue", OWED),
        ((VideoTold("job", "in_progress", 7), None), "video_lost", OWED),
        ((VideoTold("job", "queued"), VideoTold("job", "failed", fault="no")), "video_failed", 0),
    ],
)
def test_what_never_comes_is_given_up_and_charges_nothing(
    place: Place, tells: tuple[VideoTold | SolventError | None, ...], fault: str, cost: int
) -> None:
    studio = Studio(tells=tells)

    async def tell(ours: Shop, theirs: Shop, caller: Caller) -> None:
        video = await begun(ours, caller)
        pauses: list[int] = []
        while (now := await seen(ours, video.id)) is not None and now.state != "failed":
            pauses.append(round((now.next_look_us - ours.clock.at_us) / US_PER_S))
            ours.clock.at_us = now.next_look_us if len(pauses) < len(PAUSES_S) else video.expires_us
            await look_at_video(video.id, hands_of(ours.desk), all_alive)
            await void_lost_holds(ours.desk.database, ours.clock(), all_alive)
        assert now is not None
        assert (now.fault, now.charge_grains, bool(now.fault_words)) == (fault, 0, True)
        assert pauses == PAUSES_S[: len(pauses)]
        assert now.ended_us >= video.expires_us if fault == "video_overdue" else studio.looks <= VIDEO_MISSES_MAX + 1
        [receipt] = await check_books(ours, theirs)
        assert (receipt.outcome, receipt.fault, receipt.charge_grains, receipt.cost_grains) == (
            "failed", fault, 0, cost,
        )  # fmt: skip
        assert receipt.usage_estimated == bool(cost)
        assert await ours.left(wallet(video.customer)) == MONEY

    on(place, studio, tell)


def test_an_order_that_is_not_taken_holds_nothing_and_one_that_may_be_is_owed(place: Place) -> None:
    studio = Studio()

    async def tell(ours: Shop, theirs: Shop, caller: Caller) -> None:
        for fault, cost in (
            (Unavailable("upstream_failed", "no", upstream_status=500), 0),
            (Unavailable("upstream_cut_off", "silence"), OWED),
        ):
            studio.refuses = fault
            draft, order = ordered(ours, caller)
            with pytest.raises(Unavailable):
                await begin_video(draft, order, hands_of(ours.desk))
            assert await seen(ours, draft.id) is None
            receipt = (await check_books(ours, theirs))[0]
            assert (receipt.fault, receipt.charge_grains, receipt.cost_grains) == (fault.code, 0, cost)

    on(place, studio, tell)


def test_more_than_the_wallet_or_the_limit_pays_for_is_refused_and_nothing_is_asked(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = Studio()

    async def tell(ours: Shop, theirs: Shop, caller: Caller) -> None:
        videos = [await begun(ours, caller) for _ in range(2)]
        with pytest.raises(Refused) as caught:
            await begun(ours, caller)
        assert caught.value.code == "balance_held"
        assert len(studio.ordered) == 2
        for video in videos:
            await look_at_video(video.id, hands_of(ours.desk), all_alive, is_asked=True)
        await check_books(ours, theirs)
        monkeypatch.setattr("solvent.filming.begin_video.VIDEOS_UNFINISHED_MAX", 0)
        with pytest.raises(Refused) as caught:
            await begun(ours, caller)
        assert caught.value.code == "too_many_videos"
        assert VIDEOS_UNFINISHED_MAX > 1

    on(place, studio, tell)


def test_what_the_books_do_not_take_is_neither_held_nor_asked(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = Studio()

    async def tell(ours: Shop, theirs: Shop, caller: Caller) -> None:
        def refuse(_entries: object) -> None:
            raise Unavailable("books_overloaded", "too much")

        await begun(ours, caller)
        before = ours.purse(caller).spare
        with monkeypatch.context() as broken:
            broken.setattr(ours.desk.database, "append", refuse)
            with pytest.raises(Unavailable):
                await begun(ours, caller)
        assert ours.purse(caller).spare == before
        assert len(studio.ordered) == 1
        [due] = await ours.desk.database.read(lambda connection: store.due(connection, 10**17, 9))
        ours.clock.at_us += pause_us(0)
        await look_at_video(due, hands_of(ours.desk), all_alive)
        assert len(await check_books(ours, theirs)) == 1

    on(place, studio, tell)


def test_an_order_whose_words_died_with_its_process_is_not_repeated(place: Place) -> None:
    async def tell(ours: Shop, theirs: Shop, caller: Caller) -> None:
        video = await begun(ours, caller)
        now_us = theirs.clock()
        claim = Claim(caller.key, "again", b"print", "proc_a", video.answer, now_us)
        assert await claim_repeat(claim, ours.desk.database, all_alive) is None
        second = msgspec.structs.replace(claim, holder="proc_b", answer=theirs.question().id)
        with pytest.raises(Conflict) as caught:
            await claim_repeat(second, theirs.desk.database, only_b)
        assert caught.value.code == "idempotency_answer_gone"
        assert video.answer in caught.value.message
        await look_at_video(video.id, hands_of(theirs.desk), only_b, is_asked=True)
        with pytest.raises(Conflict):
            await claim_repeat(second, theirs.desk.database, only_b)
        assert len(await check_books(theirs, ours)) == 1

    on(place, Studio(), tell)


def test_a_video_is_deleted_once_it_has_ended_and_forgotten_in_time(place: Place) -> None:
    studio = Studio()

    async def tell(ours: Shop, theirs: Shop, caller: Caller) -> None:
        first, second = await begun(ours, caller), await begun(ours, caller)
        hands: Hands = hands_of(theirs.desk)
        with pytest.raises(Conflict):
            await forget_video(first.id, first.customer, hands)
        for video in (first, second):
            await look_at_video(video.id, hands, all_alive, is_asked=True)
        for id, customer in ((first.id, CustomerId("cus_lee")), ("video_\0", first.customer)):
            with pytest.raises(NotFound):
                await forget_video(id, customer, hands)
        await forget_video(first.id, first.customer, hands)
        assert studio.deleted == ["job"]
        assert await seen(ours, first.id) is None
        late_us = theirs.clock() + VIDEO_DAYS * DAY_US
        assert await forget_old_videos(ours.desk.database, late_us - DAY_US) == 0
        assert await forget_old_videos(ours.desk.database, late_us) == 1
        assert len(await check_books(ours, theirs)) == 2

    on(place, studio, tell)
