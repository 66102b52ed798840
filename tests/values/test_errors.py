"""Error codes are a promise: each one in the source is explained in docs/errors.md, and no other is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from solvent.app.documents import UNREAD
from solvent.app.problems import body, status_and_type
from solvent.billing.admission import Declination
from solvent.values import errors
from solvent.values.errors import SolventError, Unavailable

ROOT = Path(__file__).parents[2]
PAGE = "docs/errors.md"
KINDS: dict[str, type[SolventError]] = {kind.__name__: kind for kind in SolventError.__subclasses__()}
# Codes that a variable carries: those of a Literal, or of an error that is raised again with more words.
CARRIED: dict[str, tuple[str, ...]] = {
    "declined.code": get_args(Declination), "wrong.code": (), "unread": tuple(UNREAD),
}  # fmt: skip
ENDS = {"End", "Told"}  # what says how a run of the simulator ended
CELL = re.compile(r"^\| `(?P<code>\w+)` \| (?P<kind>\w+) \| (?P<http>\d{3}|-) \| (?P<what>.+) \| (?P<do>.+) \|$")


def raised() -> Iterator[tuple[str, str, str]]:
    """(code, kind, where) of every error made in the source."""
    for file in sorted((ROOT / "src/solvent").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
                where = f"{file.relative_to(ROOT)}:{node.lineno}"
                assert node.args, f"{where}: the code is the first argument"
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value, node.func.id, where
                else:
                    carried = CARRIED.get(ast.unparse(first))
                    assert carried is not None, f"{where}: which codes can {ast.unparse(first)} be? Add it to CARRIED"
                    yield from ((code, node.func.id, where) for code in carried)


def documented() -> list[re.Match[str]]:
    lines = (ROOT / PAGE).read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| `")]
    cells = [CELL.match(row) for row in rows]
    unread = [row for row, cell in zip(rows, cells, strict=True) if cell is None]
    assert not unread, f"{PAGE}: rows of another shape: {unread}"
    return [cell for cell in cells if cell is not None]


def test_every_code_that_is_raised_is_documented() -> None:
    known = {row["code"] for row in documented()}
    missing = sorted({f"{code} ({where})" for code, _, where in raised() if code not in known})
    assert not missing, f"write a row in {PAGE} for {missing}"


def test_no_code_is_documented_that_is_not_raised() -> None:
    made = {code for code, _, _ in raised()}
    stale = sorted(row["code"] for row in documented() if row["code"] not in made)
    assert not stale, f"{PAGE} explains codes that nothing raises: {stale}"


def test_how_a_run_ends_is_explained() -> None:
    told = {
        word.value.value
        for file in (ROOT / "src/solvent").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ENDS
        for word in node.keywords
        if word.arg == "code" and isinstance(word.value, ast.Constant)
    }
    explained = set(re.findall(r"^- `(\w+)`: ", (ROOT / PAGE).read_text(encoding="utf-8"), re.MULTILINE))
    assert told - {row["code"] for row in documented()} == explained != set()


def test_a_code_is_documented_once() -> None:
    codes = [row["code"] for row in documented()]
    assert len(codes) == len(set(codes))


def test_a_code_has_one_kind_and_the_page_says_which() -> None:
    kinds = {row["code"]: row["kind"] for row in documented()}
    wrong = [f"{where}: {code} is {kind}" for code, kind, where in raised() if kinds.get(code, kind) != kind]
    assert not wrong, f"{PAGE} or the source is wrong: {wrong}"


def test_the_page_gives_the_status_that_the_gateway_sends() -> None:
    wrong = []
    for row in documented():
        status, _ = status_and_type(KINDS[row["kind"]](row["code"], "message"))
        if row["http"] not in ("-", str(status)):
            wrong.append(f"{row['code']}: {row['http']} on the page, {status} sent")
    assert not wrong, wrong


def test_codes_are_lower_case_words() -> None:
    assert not [code for code, _, _ in raised() if not re.fullmatch(r"[a-z][a-z0-9_]{3,39}", code)]


def test_the_tree_is_the_one_drawn_in_the_module() -> None:
    drawn = re.findall(r"[├└]── (\w+)", errors.__doc__ or "")
    assert drawn == list(KINDS)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_an_error_carries_its_message_and_code(kind: type[SolventError]) -> None:
    problem = kind("some_code", "what happened; what to do", param="field", retry_after_s=3)
    assert str(problem) == problem.message == "what happened; what to do"
    assert (problem.code, problem.param, problem.retry_after_s) == ("some_code", "field", 3)
    error = body(problem)["error"]
    assert isinstance(error, dict)
    assert {"message", "type", "param", "code"} <= error.keys()


def test_an_upstream_status_is_kept() -> None:
    assert Unavailable("upstream_failed", "x", upstream_status=529).upstream_status == 529
