"""Every guard of ours keeps the contract that the authors of others run too."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from solvent.guards import blocklist, fake, pii
from solvent.guards.contract import CHECKS, Check
from solvent.guards.port import Guard, OpenGuard, Settings

CLEAN = ("", "hello there", "오늘 날씨가 좋습니다.", "주문 20261127-0001, 2026-11-27", "a\n\n b")


@dataclass(frozen=True)
class Kind:
    """A guard, how it is opened, and texts for it."""

    open: OpenGuard
    options: Mapping[str, object]
    guilty: Sequence[str]
    clean: Sequence[str] = CLEAN

    @property
    def guard(self) -> Guard:
        return self.open(Settings("test", self.options))


KINDS = {
    "fake": Kind(fake.open_guard, {}, ("a secret", "secretsecret")),
    "pii": Kind(
        pii.open_guard,
        {},
        (
            "제 번호는 010-1234-5678입니다",
            "kim@example.com",
            "4111 1111 1111 1111 and (02) 345-6789",
            "연락처０１０－１２３４－５６７８",
        ),
    ),
    "blocklist": Kind(
        blocklist.open_guard,
        {"words": ["도박", "buy now", "*카지노*"], "patterns": ["coupon-[0-9]{4}"]},
        ("불법 도박을 합니다", "BUY NOW!", "온라인카지노사이트", "use coupon-1234 or coupon-9999"),
        (*CLEAN, "도박사라는 책", "buy nowhere", "coupon-12"),
    ),
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("kind", KINDS)
def test_keeps_the_contract(kind: str, check: Check) -> None:
    async def run() -> None:
        await check(KINDS[kind])

    asyncio.run(run())
