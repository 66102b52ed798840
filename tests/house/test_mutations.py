"""Breaks the small house in one place at a time: exactly the rule that speaks of it must notice.

And the other way round: what looks like a breach but is none must pass every rule.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from tests.house import small_house
from tests.house.house import House
from tests.house.rules import RULES
from tests.house.small_house import write

SRC = "src/solvent"
_LONG = "\n\ndef long() -> None:\n" + "    x = 1\n" * 60


class Change(NamedTuple):
    """What is added to a file (or a new file) of the small house. `rule` is 0 where no rule may object."""

    rule: int
    what: str
    place: str  # under src/solvent, tests or bench
    text: str


BREACHES = [
    Change(1, "an import of a room above", "values/draw.py", "from solvent.ledger.transfer import HALF\n"),
    Change(
        1,
        "one hidden in a function",
        "ledger/transfer.py",
        "def f():\n    import solvent.billing.admission\n",
    ),
    Change(1, "one for types only", "values/draw.py", "if 0:\n    from solvent.answering.desk import Desk\n"),
    Change(1, "one that is relative", "ledger/transfer.py", "from ..billing import admission\n"),
    Change(1, "one by a literal name", "wire/pool.py", "x = import_module('solvent.ledger.transfer')\n"),
    Change(1, "an import of a neighbour", "routing/candidate.py", "import solvent.billing.admission\n"),
    Change(1, "the data plane knows the command line", "gateway/chat.py", "from solvent.cli import wallet\n"),
    Change(2, "two files that know each other", "pricing/rate_card.py", "from solvent.pricing import rating\n"),
    Change(
        2,
        "a circle inside a function",
        "pricing/rate_card.py",
        "def f():\n    import solvent.pricing.rating\n",
    ),
    Change(3, "the clock in a noun", "pricing/rating.py", "import time\n"),
    Change(3, "dice in a noun", "routing/candidate.py", "import random\nx = random.random()\n"),
    Change(3, "dice by name", "routing/candidate.py", "from random import choice\n"),
    Change(3, "dice without a seed", "routing/candidate.py", "import random\nx = random.Random()\n"),
    Change(3, "dice made by default", "routing/candidate.py", "import random\nx = field(factory=random.Random)\n"),
    Change(3, "a network library in a noun", "routing/candidate.py", "import requests\n"),
    Change(3, "now() in a noun", "pricing/rating.py", "import datetime\nx = datetime.datetime.now()\n"),
    Change(3, "now, not yet called", "values/draw.py", "from datetime import datetime\nclock = datetime.now\n"),
    Change(3, "an injected clock in a noun", "ledger/transfer.py", "def age(clock):\n    return clock.now()\n"),
    Change(3, "open() in a noun", "pricing/rate_card.py", "def load():\n    return open('x')\n"),
    Change(3, "print() in a noun", "values/money.py", "print('hello')\n"),
    Change(3, "a file read in a noun", "pricing/rate_card.py", "def load(path):\n    return path.read_text()\n"),
    Change(3, "a noun that knows a store", "ledger/transfer.py", "from solvent.ledger import store\n"),
    Change(3, "a noun that knows a use case", "billing/admission.py", "from solvent.ledger.post import post\n"),
    Change(3, "a noun that knows the database", "billing/admission.py", "from solvent.db.writer import begin\n"),
    Change(3, "a port that knows the network", "providers/port.py", "import httptools\n"),
    Change(3, "a path in a noun", "routing/candidate.py", "from pathlib import Path\n"),
    Change(3, "a blocking job nobody listed", "lightening/prune.py", '"""Prunes."""\nimport torch\n'),
    Change(4, "a second use case", "answering/answer.py", "async def regenerate() -> None: ...\n"),
    Change(4, "a use case beside a plain function", "answering/answer.py", "def again() -> None: ...\n"),
    Change(4, "a noun that waits", "answering/desk.py", "async def wait() -> None: ...\n"),
    Change(4, "a use case in a class", "ledger/post.py", "class Poster:\n    async def post(self): ...\n"),
    Change(4, "an HTTP client in a use case", "answering/answer.py", "import httpx\n"),
    Change(4, "a socket in a use case", "answering/answer.py", "x = asyncio.open_connection('h', 1)\n"),
    Change(4, "the wire in a use case", "answering/answer.py", "from solvent.wire.pool import OPEN\n"),
    Change(4, "the wall clock in a use case", "ledger/post.py", "import datetime\nx = datetime.date.today()\n"),
    Change(4, "dice in a use case", "ledger/post.py", "import random\nx = random.randrange(6)\n"),
    Change(4, "a port that acts", "providers/port.py", "async def default() -> None: ...\n"),
    Change(5, "SQL in a use case", "answering/answer.py", "Q = 'SELECT 1'\n"),
    Change(5, "SQL in small letters", "cli/wallet.py", "Q = f'insert into {main} values (1)'\n"),
    Change(5, "SQL expressions in a door", "cli/wallet.py", "from sqlalchemy import select\n"),
    Change(5, "a connection in a noun", "ledger/transfer.py", "from sqlalchemy import Connection\n"),
    Change(5, "a database driver in app", "app/build.py", "import sqlite3\n"),
    Change(5, "a store that commits", "ledger/store.py", "def end(connection):\n    connection.commit()\n"),
    Change(5, "a store that says COMMIT", "ledger/store.py", "def end(c):\n    c.execute('commit;')\n"),
    Change(5, "a store that begins", "ledger/store.py", "def start(c):\n    with c.begin(): pass\n"),
    Change(5, "a store that waits", "ledger/store.py", "async def get(c) -> None: ...\n"),
    Change(6, "a price with a point", "pricing/rating.py", "MARKUP = 1.2\n"),
    Change(6, "a true division", "values/money.py", "def third(n):\n    return n / 3\n"),
    Change(6, "a true division in place", "ledger/transfer.py", "n = 6\nn /= 3\n"),
    Change(6, "float by name", "billing/admission.py", "def f(n: float) -> None: ...\n"),
    Change(6, "a negative power", "pricing/rating.py", "GRAIN = 10 ** -7\n"),
    Change(6, "a square root", "pricing/rating.py", "import math\nx = math.sqrt(4)\n"),
    Change(6, "division by another name", "pricing/rating.py", "from operator import truediv\n"),
    Change(7, "a door that knows an adapter", "cli/wallet.py", "from solvent.providers.fake import Fake\n"),
    Change(7, "a story that knows one", "answering/answer.py", "from solvent.providers import fake\n"),
    Change(7, "a noun that knows one", "answering/desk.py", "import solvent.providers.fake\n"),
    Change(7, "a family that shows one", "providers/__init__.py", "from solvent.providers.fake import Fake\n"),
    Change(7, "a contract for one only", "providers/contract.py", "from solvent.providers.fake import Fake\n"),
    Change(7, "one by a computed name", "cli/wallet.py", "x = import_module(f'solvent.providers.{main}')\n"),
    Change(7, "anything by a computed name", "gateway/chat.py", "x = import_module(chat)\n"),
    Change(7, "entry points in a door", "cli/wallet.py", "from importlib.metadata import entry_points\n"),
    Change(
        7,
        "entry points by the module",
        "gateway/chat.py",
        "import importlib.metadata as m\nm.entry_points()\n",
    ),
    Change(8, "a long file", "ledger/transfer.py", "X = 1\n" * 397),
    Change(8, "a long function", "ledger/transfer.py", _LONG),
    Change(8, "a long method", "gateway/chat.py", "class A:\n    def b(self):\n" + "        x = 1\n" * 60),
    Change(8, "a long test", "tests/ledger/test_transfer.py", _LONG),
    Change(8, "a long benchmark", "bench/gateway.py", _LONG),
    Change(9, "utils.py", "ledger/utils.py", '"""Odds and ends."""\n'),
    Change(9, "a file of helpers", "tests/ledger/wallet_helpers.py", '"""Odds and ends."""\n'),
    Change(9, "a folder named common", "tests/common/money.py", '"""Odds and ends."""\n'),
    Change(9, "LedgerManager", "ledger/transfer.py", "class LedgerManager:\n    pass\n"),
    Change(9, "HTTPHandler", "gateway/chat.py", "class HTTPHandler:\n    pass\n"),
    Change(9, "BaseProvider", "providers/fake.py", "class BaseProvider:\n    pass\n"),
    Change(10, "no docstring", "ledger/fee.py", "X = 1\n"),
    Change(10, "a docstring that goes on", "ledger/fee.py", '"""A fee.\n' + "and\n" * 5 + '"""\n'),
    Change(10, "an empty file", "ledger/__init__.py", ""),
    Change(10, "an empty test", "tests/ledger/test_fee.py", ""),
    Change(11, "a room without a floor", "stuff/thing.py", '"""A thing."""\nX = 1\n'),
    Change(11, "a module outside the rooms", "thing.py", '"""A thing."""\nX = 1\n'),
    Change(11, "Python among the pages", "web/render.py", '"""A page."""\nX = 1\n'),
    Change(11, "a folder nobody knows", "assets/logo.svg", "<svg/>\n"),
    Change(11, "a README that goes on", "ledger/README.md", "and\n" * 30),
    Change(12, "a use case without a door", "billing/close.py", '"""C."""\nasync def close(): ...\n'),
]

HARMLESS = [
    Change(0, "a seeded generator", "values/draw.py", "def new(seed: int):\n    return random.Random(seed)\n"),
    Change(0, "the type Random", "values/draw.py", "from random import Random\ndef roll(rng: Random): ...\n"),
    Change(0, "a field named today", "billing/admission.py", "def f(report):\n    return report.today\n"),
    Change(0, "a method named open", "ledger/transfer.py", "def f(account):\n    account.open()\n"),
    Change(0, "an injected clock in a use case", "ledger/post.py", "def _at(clock):\n    return clock.now()\n"),
    Change(0, "a private class that waits", "ledger/post.py", "class _Turn:\n    async def wait(self): ...\n"),
    Change(0, "a docstring like SQL", "routing/candidate.py", 'def f():\n    """Select one from all."""\n'),
    Change(0, "a message like SQL", "cli/wallet.py", "TEXT = 'Update the wallet, then delete the old key.'\n"),
    Change(0, "the HTTP method", "gateway/chat.py", "METHODS = 'GET', 'DELETE'\n"),
    Change(0, "a connection in a door", "cli/wallet.py", "from sqlalchemy import Connection\n"),
    Change(0, "whole mathematics", "pricing/rating.py", "import math\nx = math.gcd(4, 6) ** 2\n"),
    Change(0, "a float outside money", "routing/candidate.py", "x = 1 / 3\n"),
    Change(0, "commands loaded by name", "cli/wallet.py", "x = import_module(f'solvent.cli.{main}')\n"),
    Change(0, "a port that another room asks", "billing/admission.py", "import solvent.providers.port\n"),
    Change(0, "a word in the middle", "pricing/service_tier.py", '"""A tier."""\nclass ServiceTier: ...\n'),
    Change(0, "a word in a word", "db/database.py", '"""The database."""\nclass Database: ...\n'),
    Change(0, "sixty lines of function", "ledger/transfer.py", _LONG.removesuffix("    x = 1\n")),
    Change(0, "the port of the database", "answering/desk.py", "from solvent.db.port import Database\n"),
    Change(0, "a path in a port", "providers/port.py", "from pathlib import Path\n"),
    Change(0, "the version", "cli/wallet.py", "from solvent import __version__\n"),
]


def where(change: Change) -> str:
    return change.place if change.place.startswith(("tests/", "bench/")) else f"{SRC}/{change.place}"


def breaches(root: Path) -> dict[int, list[str]]:
    """What each rule says of a house, rules with nothing to say left out."""
    house = House(root, jobs=small_house.JOBS)
    return {number: said for number, rule in RULES.items() if (said := rule(house))}


def test_the_small_house_keeps_every_rule(tmp_path: Path) -> None:
    small_house.build(tmp_path)
    assert breaches(tmp_path) == {}


@pytest.mark.parametrize("change", BREACHES, ids=lambda change: f"rule {change.rule}: {change.what}")
def test_exactly_one_rule_notices(change: Change, tmp_path: Path) -> None:
    small_house.build(tmp_path)
    write(tmp_path / where(change), change.text, after=True)
    found = breaches(tmp_path)
    assert list(found) == [change.rule], found
    for said in found[change.rule]:
        place, line, named, *_ = said.split(":")
        assert (tmp_path / place).exists() or place.endswith("README.md")
        assert int(line) >= 1
        assert named == f" rule {change.rule}"


@pytest.mark.parametrize("change", HARMLESS, ids=lambda change: change.what)
def test_no_rule_objects(change: Change, tmp_path: Path) -> None:
    small_house.build(tmp_path)
    write(tmp_path / where(change), change.text, after=True)
    assert breaches(tmp_path) == {}


def test_a_finding_names_the_very_line(tmp_path: Path) -> None:
    small_house.build(tmp_path)
    write(tmp_path / SRC / "pricing/rating.py", "\n\nMARKUP = 1.2\n", after=True)
    [said] = breaches(tmp_path)[6]
    assert said.startswith("src/solvent/pricing/rating.py:8: rule 6: ")


def test_a_room_without_a_readme_is_noticed(tmp_path: Path) -> None:
    small_house.build(tmp_path)
    (tmp_path / SRC / "ledger/README.md").unlink()
    assert list(breaches(tmp_path)) == [11]


def test_a_readme_without_its_headings_is_noticed(tmp_path: Path) -> None:
    small_house.build(tmp_path)
    write(tmp_path / SRC / "ledger/README.md", "# ledger\n\n**Owns** the journal.\n")
    assert len(breaches(tmp_path)[11]) == 2


def test_an_empty_room_is_noticed(tmp_path: Path) -> None:
    small_house.build(tmp_path)
    write(
        tmp_path / SRC / "routing/candidate.py",
        '"""One day."""\nfrom typing import Final\n\n__all__ = ["Final"]\n',
    )
    assert list(breaches(tmp_path)) == [11]


def test_moving_a_room_on_the_page_moves_what_it_may_import(tmp_path: Path) -> None:
    small_house.build(tmp_path)
    page = tmp_path / "docs" / "HOUSE.md"
    line = next(line for line in small_house.PAGE.splitlines() if line.startswith("  pricing/"))
    page.write_text(small_house.PAGE.replace(line, line.replace(" 3  facts", " 5  facts")), encoding="utf-8")
    assert list(breaches(tmp_path)) == [1]


def test_a_use_case_reached_only_by_an_unreached_one_is_noticed(tmp_path: Path) -> None:
    small_house.build(tmp_path)
    write(
        tmp_path / SRC / "billing/close.py",
        '"""C."""\nfrom solvent.ledger.count import count\nasync def close(): count\n',
    )
    write(tmp_path / SRC / "ledger/count.py", '"""C."""\nasync def count(): ...\n')
    assert len(breaches(tmp_path)[12]) == 2
