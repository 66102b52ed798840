"""Guards of the configuration: opened with their options, and refused in words that say which one and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from solvent.app.config import read_config
from solvent.app.guards import open_guards
from solvent.guarding.rule import Rules
from solvent.values.errors import Invalid


def opened(folder: Path, *entries: str) -> Rules:
    """The guards of a configuration of these entries."""
    file = folder / "solvent.toml"
    file.write_text("\n".join(f"[[guards]]\n{entry}" for entry in entries))
    return open_guards(read_config(file, {}), folder)


def test_guards_are_opened_in_their_order(tmp_path: Path) -> None:
    rules = opened(
        tmp_path,
        'name = "a"\nkind = "pii"\naction = "mask"\nwhen = "both"\nmodels = ["m"]\nplans = ["p"]',
        'name = "b"\nkind = "max_cost"\noptions = { charge = "500" }',
        'name = "c"\nkind = "blocklist"\noptions = { words = ["x"] }\non_failure = "open"\ncharge_blocked = false',
    )
    assert [(rule.name, rule.when, rule.action, rule.on_failure, rule.is_charged) for rule in rules.rules] == [
        ("a", "both", "mask", "closed", True), ("c", "before", "block", "open", False),
    ]  # fmt: skip
    assert [(one.name, one.charge_most.grains, one.does_clamp) for one in rules.ceilings] == [("b", 500 * 10**7, False)]
    assert [rule.name for rule in rules.of("m", "p", "key")[0]] == ["a", "c"]
    assert [rule.name for rule in rules.of("m", "q", "key")[0]] == ["c"]
    assert not opened(tmp_path)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ('kind = "nonsense"', "kind 'nonsense' is not known; installed are: blocklist"),
        ('kind = "pii"\noptions = { kinds = ["names"] }', "names: there are resident_number"),
        ('kind = "blocklist"', "needs words or patterns"),
        ('kind = "pii"\naction = "clamp"', "clamp is for max_cost"),
        ('kind = "max_cost"\naction = "mask"', "max_cost knows block"),
        ('kind = "max_cost"\noptions = { charge = 5 }', "max_cost has one"),
        ('kind = "max_cost"\noptions = { charge = "5", more = 1 }', "max_cost has one"),
        ('kind = "max_cost"\noptions = { charge = "0" }', "more than nothing"),
        ('kind = "max_cost"\noptions = { charge = "x" }', "options.charge"),
    ],
)
def test_a_guard_that_makes_no_sense_is_refused_by_name(tmp_path: Path, entry: str, words: str) -> None:
    with pytest.raises(Invalid, match="guards 'g'") as refused:
        opened(tmp_path, f'name = "g"\n{entry}')
    assert words in refused.value.message


@pytest.mark.parametrize(
    "entries",
    [
        ['name = "No"\nkind = "pii"'],
        ['name = "g"\nkind = "pii"\nwhen = "never"'],
        ['name = "g"\nkind = "pii"\ntimeout_s = 0'],
        ['name = "g"\nkind = "pii"', 'name = "g"\nkind = "pii"'],
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused(tmp_path: Path, entries: list[str]) -> None:
    with pytest.raises(Invalid, match="guard"):
        opened(tmp_path, *entries)
