"""A small house that keeps every rule, written to a folder so that tests can break it one rule at a time."""

from __future__ import annotations

from pathlib import Path

PAGE = """# The house
```
src/solvent/                                                   floor
  cli/         wallet                                            8  doors
  gateway/     chat                                              7  doors
  app/         build                                             6  composition root
  answering/   desk | answer                                     5  stories
  lightening/  recipe                                            5
  billing/     admission | top_up                                4  decisions
  routing/     candidate                                         4
  pricing/     rate_card rating                                  3  facts
  ledger/      transfer | post                                   3
  providers/   port fake contract                                3  plugs (plural = a family)
  wire/        pool                                              2
  db/          writer                                            2
  values/      money                                             1  pure vocabulary
  web/         static files                                      -  (no Python)
data/  (inside the package)  rate_cards/*.yaml                   reviewed data
```
"""
README = "# A room\n\n**Owns** its nouns.\n\n## Does not own\nAnything else.\n\n## Invariants\n- None yet.\n"
JOBS = frozenset({"lightening/train.py"})

FILES = """=== __init__.py
'''The package.'''
__version__ = "1"
=== __main__.py
'''Runs the command line.'''
from solvent.cli.wallet import main
main()
=== values/money.py
'''Money.'''
def half(grains: int) -> int:
    return grains // 2
=== values/draw.py
'''Seeded choices.'''
import random

def draw(rng: random.Random) -> int:
    return rng.randrange(6)
=== db/port.py
'''What the writer does for a use case.'''
from sqlalchemy import Connection

Database = Connection
=== db/writer.py
'''The writer.'''
import sqlalchemy

def begin() -> str:
    return "BEGIN"
=== wire/pool.py
'''The pool.'''
import socket

OPEN = socket.socket
=== pricing/rate_card.py
'''A rate card.'''
PICOS = 3
=== pricing/rating.py
'''Rating.'''
from solvent.pricing.rate_card import PICOS

def rate(tokens: int) -> int:
    return tokens * PICOS
=== ledger/transfer.py
'''A transfer.'''
from solvent.values.money import half

HALF = half(2)
=== ledger/store.py
'''The journal.'''
from sqlalchemy import Connection, insert

def add(connection: Connection) -> None:
    connection.execute(insert)
=== ledger/post.py
'''Post.'''
from solvent.ledger import store

async def post() -> None:
    store.add
=== providers/__init__.py
'''Providers sell tokens.'''
=== providers/port.py
'''The port.'''
from typing import Protocol

class Provider(Protocol):
    async def stream(self) -> None: ...
=== providers/fake.py
'''A fake.'''
import random
import time

class Fake:
    async def stream(self) -> None:
        print(time.time(), random.random())
=== providers/slow.py
'''A slow fake.'''
from solvent.providers.fake import Fake

class Slow(Fake):
    pass
=== providers/contract.py
'''What every provider does.'''
import time

def check() -> float:
    return time.time()
=== billing/admission.py
'''Admission.'''
from solvent.pricing.rating import rate

def admit(tokens: int) -> bool:
    return rate(tokens) > 0
=== billing/top_up.py
'''Top up.'''
from solvent.ledger.post import post

async def top_up() -> None:
    await post()
=== routing/candidate.py
'''A candidate.'''
SHARE = 0.5
=== lightening/recipe.py
'''A recipe.'''
STEPS = 100
=== lightening/train.py
'''Trains, for minutes.'''
import torch

print(torch)
=== answering/desk.py
'''The desk.'''
from solvent.providers.port import Provider

Desk = Provider
=== answering/answer.py
'''Answer.'''
import asyncio
from solvent.answering.desk import Desk
from solvent.ledger.post import post


async def answer(desk: Desk) -> None:
    await post()
    await asyncio.sleep(0)
=== app/build.py
'''Builds.'''
from importlib.metadata import entry_points
from solvent.providers.fake import Fake

DESK = Fake, entry_points
=== gateway/chat.py
'''Chat.'''
from solvent.answering.answer import answer

async def chat() -> None:
    await answer
=== cli/wallet.py
'''The wallet command.'''
from solvent.billing.top_up import top_up

def main() -> None:
    print(top_up)
"""


def build(root: Path) -> None:
    """Write the small house under `root`."""
    package = root / "src" / "solvent"
    for block in FILES.split("=== ")[1:]:
        place, _, text = block.partition("\n")
        write(package / place, text)
        if "/" in place:
            write((package / place).parent / "README.md", README)
    write(package / "data" / "plans.yaml", "plans: []\n")
    write(package / "web" / "chat.js", "// talk\n")
    write(root / "docs" / "HOUSE.md", PAGE)
    write(root / "tests" / "ledger" / "test_transfer.py", '"""Transfers."""\nRATIO = 1 / 2\n')
    write(root / "bench" / "gateway.py", '"""How fast."""\nimport time\n\nSTART = time.time()\n')


def write(path: Path, text: str, *, after: bool = False) -> None:
    """Write a file, or add to the end of one that is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text(encoding="utf-8") if after and path.exists() else ""
    path.write_text(before + text, encoding="utf-8")
