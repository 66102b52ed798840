"""Steps about answers: they are opened, end in every way there is, many at once, and processes die under them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from random import Random
from typing import Any

import msgspec
from tests.money import menu
from tests.money.pots import No
from tests.money.world import Idle, Process, World, receipt_sums

from solvent.answering.answer import answer
from solvent.answering.receipt import Receipt
from solvent.answering.settlement import Opened
from solvent.answering.store import receipt as receipt_of
from solvent.ledger.pot import limits
from solvent.providers.port import Chunk, OnAbort
from solvent.values.errors import Invalid, Refused, Unavailable
from solvent.values.ids import CustomerId

Step = tuple[str, Any]
USERS = ("", "", "kim", "a:b", "50%")
NONSENSE = {"prompt_tokens": -1, "completion_tokens": 9}
FAULTS = {  # how an upstream fails, and whether it may have read the question, and so will bill it
    "upstream_timeout": (None, True), "upstream_cut_off": (None, True), "upstream_garbage": (200, True),
    "upstream_failed": (500, False), "upstream_unreachable": (None, False), "upstream_busy": (None, False),
}  # fmt: skip


def script(random: Random, reads: int, writes: int) -> list[Step]:
    """What an upstream says: some pieces, perhaps a report that is known, zero or nonsense, perhaps a fault."""
    steps: list[Step] = [("said", random.randrange(3)) for _ in range(random.randrange(5))]
    fate = random.random()
    if fate < 0.75:
        over = 1 if random.random() < 0.9 else 3  # an upstream that ignores limits
        read, written = random.randrange(over * reads + 1), random.randrange(over * writes + 1)
        report = {
            "prompt_tokens": read, "completion_tokens": written,
            "prompt_tokens_details": {"cached_tokens": random.randrange(read + 1)},
            "completion_tokens_details": {"reasoning_tokens": random.randrange(written + 1)},
        }  # fmt: skip
        steps.append(("report", report))
    elif fate < 0.85:
        steps.append(("report", random.choice(({"prompt_tokens": 0, "completion_tokens": 0}, NONSENSE))))
    if random.random() < 0.2:
        steps.insert(random.randrange(len(steps) + 1), ("fault", random.choice(sorted(FAULTS))))
    return steps


def as_chunks(steps: list[Step]) -> list[Chunk | Exception]:
    """The same as a provider yields and raises it."""
    made: list[Chunk | Exception] = []
    for what, told in steps:
        if what == "said":
            made.append(Chunk({"choices": msgspec.Raw(b"[]")}, told))
        elif what == "report":
            made.append(Chunk({"choices": msgspec.Raw(b"[]")}, 0, msgspec.Raw(msgspec.json.encode(told))))
        else:
            made.append(Unavailable(told, "as scripted", upstream_status=FAULTS[told][0]))
    return made


def measured(steps: list[Step], read: int | None, on_abort: OnAbort, reads: int) -> tuple[Counter[str], Counter[str]]:
    """What is charged, and what costs us. read: chunks until the client left; None for one who stayed.

    Known usage is what it is. Else the charge is for the pieces that came, and the cost also for all that can have
    been read; nothing costs where the question was never taken. What fails without a piece is not charged.
    """
    report: dict[str, Any] | None = None
    pieces, refused, fault = 0, False, ""
    for n, (what, told) in enumerate(steps):
        if read is not None and n >= read and (on_abort == "cancel" or report is not None):
            break
        if what == "fault":
            fault = told
            break
        pieces += told if what == "said" else 0
        if what == "report":
            report, refused = (report, True) if told is NONSENSE else (told, refused)
    known = Counter[str]()
    if report is not None:
        cached = report.get("prompt_tokens_details", {}).get("cached_tokens", 0)
        thought = report.get("completion_tokens_details", {}).get("reasoning_tokens", 0)
        known.update(input=report["prompt_tokens"] - cached, cached=cached, reasoning=thought)
        known.update(output=report["completion_tokens"] - thought)
    charged = known if report is not None else Counter(output=pieces)
    cost = known if report is not None else Counter(output=pieces, input=reads)
    never_taken = fault and not FAULTS[fault][1] and not pieces and report is None and not refused and read is None
    failed = read is None and fault and not pieces
    return Counter() if failed else charged, Counter() if never_taken else cost


class Answering:
    """Answers under way, in the real shop and in the reference."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.under_way: list[dict[str, Any]] = []

    async def open_answer(self) -> None:
        """A question is admitted exactly as the reference says, pot by pot; or refused for the same reason."""
        world, random = self.world, self.world.random
        has_some = {pot.owner for pot in world.reference.pots if pot.left > pot.held}
        customer, process = world.one_of(world.customers, has_some.__contains__), random.choice(world.alive)
        model, reads = random.choice(menu.CLASSES), random.randrange(1, 150)
        asked = random.choice((None, random.randrange(1, 120)))
        await world.hear()
        caller = await world.caller(customer)
        user = random.choice(USERS)
        question = world.question(model, reads, asked, user)
        prices, costs = (menu.prices_of(cards[model][-1]) for cards in (world.cards, world.cost_cards))
        told: Any
        try:
            world.reference.take_seat(customer, user)
            limited = world.reference.limits(customer, user, world.now)
            told = world.reference.admit(customer, model, reads, min(asked or 100, 100), prices, world.now, limited)
        except No as no:
            told = str(no)
        answering: AsyncGenerator[Any, None] = answer(question, caller, process.desk)
        try:
            opened = await world.with_call_ins(anext(answering))
        except Refused as refusal:
            assert refusal.code == told, f"refused: {refusal.code}, the reference says {told}"  # noqa: PT017
            world.done[f"refused: {told}"] += 1
            return
        assert not isinstance(told, str), f"admitted {shown(opened)}, the reference says {told}"
        draws, written = told
        real = [(*key_of(draw.pot), draw.grains) for draw in opened.draws if not limits(draw.pot)]
        paying = [(pot, part) for pot, part in draws if pot.kind != "budget"]
        want = [(pot.kind, pot.unit, " ".join(pot.classes), pot.until, part) for pot, part in paying]
        world.done["answers opened"] += 1
        self._count(draws, opened, user)
        if (real, opened.output_tokens_max) != (want, written):
            purses = process.desk.funds_of(customer).purses.values()
            is_dry = any(purse.dry_until_us > world.now for purse in purses)
            assert is_dry, f"drawn {real}, the reference says {want}"
            draws = self._drawn_otherwise(customer, opened, draws, limited)
        self.under_way.append(
            {
                "opened": opened, "answering": answering, "process": process, "draws": draws, "prices": prices,
                "costs": costs, "reads": reads, "writes": written, "customer": customer, "id": question.id,
                "since": world.now,
            }
        )  # fmt: skip

    def _count(self, draws: Any, opened: Opened, user: str) -> None:
        """Hard budgets are drawn as the reference says. A soft one is not called in: it may have missed this answer."""
        hard = sorted((draw.pot.unit, draw.grains) for draw in opened.draws if draw.pot.kind == "budget")
        told = sorted((pot.unit, part) for pot, part in draws if pot.kind == "budget" and pot.hard)
        assert hard == told, f"of budgets of user {user!r}: {hard}, the reference says {told}"
        soft = [draw for draw in opened.draws if draw.pot.kind == "watch"]
        for n, (pot, part) in enumerate(draws):
            if pot.kind == "budget" and not pot.hard:
                (mine,) = [draw for draw in soft if is_of(draw.pot, pot)]
                assert mine.grains <= part
                pot.held += mine.grains - part
                draws[n] = (pot, mine.grains)

    def _drawn_otherwise(self, customer: CustomerId, opened: Opened, draws: Any, limited: list[Any]) -> Any:
        """For some seconds a process may take a pot for dry that others have given back to: then the next one pays."""
        for pot, part in draws:
            pot.held -= part
        self.world.done["drawn out of order"] += 1
        return self._drawn(customer, opened, limited)

    def _drawn(self, customer: CustomerId, opened: Opened, limited: list[Any]) -> Any:
        """Set aside in the reference what really was: never more than there is."""
        draws = [(self._told(customer, draw.pot), draw.grains) for draw in opened.draws if not limits(draw.pot)]
        for draw in [draw for draw in opened.draws if limits(draw.pot)]:
            (one,) = [one for one in limited if is_of(draw.pot, one)]
            draws.append((one, draw.grains))
        for pot, part in draws:
            pot.held += part
            assert pot.held <= pot.left, f"beyond what is left: {pot}"
        return draws

    async def end_answer(self) -> CustomerId:
        """One of those under way ends: whole, failed, broken, or because the client leaves."""
        if not self.under_way:
            raise Idle
        world, random = self.world, self.world.random
        one = self.under_way.pop(random.randrange(len(self.under_way)))
        steps = script(random, one["reads"], one["writes"])
        read = random.randrange(1, len(steps) + 2) if random.random() < 0.25 else None
        if any(what == "fault" for what, _ in steps[:read]) and read is not None:
            read = None
        world.provider.script = as_chunks(steps)
        answering, gone = one["answering"], read is not None and random.random() < 0.3
        if gone:  # before the upstream was asked
            await answering.aclose()
            charged, cost = Counter[str](), Counter[str]()
        else:
            await self._read(answering, read)
            charged, cost = measured(steps, read, world.provider.on_abort, one["reads"])
        await one["process"].quiet()
        sums = world.reference.settle(one["draws"], charged, one["prices"], world.now)
        costs = world.reference.cost(cost, one["costs"])
        receipt = await world.books.read(lambda connection: receipt_of(connection, one["id"]))
        assert receipt is not None, "every answer that was opened has its receipt"
        said = f"the receipt of {steps}, read to {read}, says {receipt_sums(receipt)}, the reference {sums}"
        assert receipt_sums(receipt) == +sums, said
        assert receipt.cost_grains == costs
        world.done[f"answer {receipt.outcome}"] += 1
        return CustomerId(one["customer"])

    async def _read(self, answering: AsyncGenerator[Any, None], read: int | None) -> None:
        try:
            if read is None:
                async for _ in answering:
                    pass
                return
            for _ in range(read):
                await anext(answering, None)
            await answering.aclose()
        except (Unavailable, Invalid):
            return

    async def many_at_once(self) -> None:
        """Questions of one customer to all processes at once, at the last cent: all are real steps of theirs.

        Who comes first is not ours to say, so the reference takes the draws as they came; none may be beyond what is.
        """
        world, random = self.world, self.world.random
        customer = random.choice(world.customers)
        await world.hear()
        caller, model = await world.caller(customer), random.choice(menu.CLASSES)
        prices, costs = (menu.prices_of(cards[model][-1]) for cards in (world.cards, world.cost_cards))
        usage, user = {"prompt_tokens": 20, "completion_tokens": 10}, random.choice(USERS)
        try:
            world.reference.take_seat(customer, user)
        except No:
            user = ""
        limited = world.reference.limits(customer, user, world.now)
        world.provider.script = as_chunks([("said", 1), ("report", usage)])
        charged = Counter(input=20, output=10)

        seen: list[tuple[str, Any]] = []  # what was opened, and what ended, in the order in which it was

        async def ask(process: Process) -> None:
            question = world.question(model, 40, random.randrange(1, 60), user)
            try:
                async for step in answer(question, caller, process.desk):
                    seen.append((question.id, step))  # noqa: PERF401
            except Refused as refusal:
                world.done[f"at once: {refusal.code}"] += 1

        await world.with_call_ins(
            asyncio.gather(*(ask(random.choice(world.alive)) for _ in range(random.randrange(2, 8))))
        )
        drawn: dict[str, Any] = {}
        for id, step in seen:
            if isinstance(step, Opened):
                drawn[id] = self._drawn(customer, step, limited)
            elif isinstance(step, Receipt):
                sums = world.reference.settle(drawn[id], charged, prices, world.now)
                assert receipt_sums(step) == +sums
                assert step.cost_grains == world.reference.cost(charged, costs)
                world.done["at once: answered"] += 1

    def _told(self, customer: CustomerId, pot: Any) -> Any:
        """The reference's pot behind a real one."""
        mine = [one for one in self.world.reference.pots if one.owner == customer and one.kind == pot.kind]
        like = [one for one in mine if (one.kind, one.unit, " ".join(one.classes), one.until) == key_of(pot)]
        return max(like, key=lambda one: len(one.place) if pot.account.endswith(one.place) else -1)

    async def crash(self) -> None:
        """A process is gone with its answers under way; the next one to start voids what it had set aside."""
        world = self.world
        victim = world.random.choice(world.alive)
        victim.is_alive = False
        victim.database.lose()
        lost = [one for one in self.under_way if one["process"] is victim]
        world.done["answers lost in a crash"] += len(lost)
        self.under_way = [one for one in self.under_way if one["process"] is not victim]
        for one in lost:
            await one["answering"].aclose()
            for pot, part in one["draws"]:
                pot.held -= part
        await world.add_process()

    async def finish_all(self) -> None:
        """Every answer under way comes to its end."""
        while self.under_way:
            await self.end_answer()


def key_of(pot: Any) -> tuple[str, str, str, int]:
    """What tells a customer's pots apart, here and in the reference."""
    return pot.kind, pot.unit, pot.classes, pot.expires_us


def is_of(pot: Any, told: Any) -> bool:
    """Whether a real budget is the one that the reference means."""
    account = pot.account.replace("%3A", ":").replace("%25", "%")
    names = {"ANSWERS": "answers", "TOKENS": "tokens", "KRW.SPENDING": "money"}
    is_it = account.startswith(f"budget:{told.scope}:") and account.endswith(f".{names[told.unit]}")
    return bool(is_it and (pot.opens_us, pot.expires_us) == (told.opens, told.until))


def shown(opened: Opened) -> str:
    """What was set aside, in words."""
    return ", ".join(f"{draw.grains} {draw.pot.unit} of {draw.pot.kind}" for draw in opened.draws)
