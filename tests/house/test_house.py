"""The twelve rules of docs/HOUSE.md, hard: a failure names the file, the line, the rule, and what to do.

The floors are read from the page itself, so page and test cannot drift apart.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from tests.house import exceptions, rules_of_floors, rules_of_form
from tests.house.house import House
from tests.house.rules import RULES, Rule

ROOT = Path(__file__).resolve().parents[2]


@cache
def solvent() -> House:
    return House(ROOT)


def demand(rule: Rule) -> None:
    broken = rule(solvent())
    if broken:
        pytest.fail("\n" + "\n".join(broken), pytrace=False)


def test_rule_1_imports_point_down() -> None:
    demand(RULES[1])


def test_rule_2_no_import_cycles() -> None:
    demand(RULES[2])


def test_rule_3_nouns_think() -> None:
    demand(RULES[3])


def test_rule_4_verbs_act() -> None:
    demand(RULES[4])


def test_rule_5_only_stores_speak_sql_and_never_commit() -> None:
    demand(RULES[5])


def test_rule_6_money_is_whole() -> None:
    demand(RULES[6])


def test_rule_7_only_app_knows_adapters() -> None:
    demand(RULES[7])


def test_rule_8_files_fit_on_a_screen() -> None:
    demand(RULES[8])


def test_rule_9_names_carry_meaning() -> None:
    demand(RULES[9])


def test_rule_10_modules_say_what_they_are() -> None:
    demand(RULES[10])


def test_rule_11_rooms_are_on_the_page() -> None:
    demand(RULES[11])


def test_rule_12_use_cases_have_doors() -> None:
    demand(RULES[12])


def test_every_rule_of_the_page_is_tested_here() -> None:
    tests = [name for name in globals() if name.startswith("test_rule_")]
    assert [int(name.split("_")[2]) for name in tests] == sorted(RULES) == solvent().rule_numbers


def test_the_page_states_the_limits_the_rules_check() -> None:
    page = solvent().page
    form = rules_of_form
    limits = f"at most {form.FILE_LINES_MAX} lines, a function at most {form.FUNCTION_LINES_MAX}"
    assert limits in page
    assert f"1-{form.DOCSTRING_LINES_MAX} lines" in page
    assert f"`README.md` of at most {rules_of_floors.README_LINES_MAX} lines" in page


def test_the_floor_table_is_read_whole() -> None:
    house = solvent()
    table = house.page.partition("src/solvent/")[2].partition("\n```")[0].splitlines()
    written = [line.split("/")[0].strip() for line in table if line.startswith("  ") and "/" in line]
    assert list(house.rooms) == written
    floors = [room.floor for room in house.rooms.values() if room.floor is not None]
    assert floors == sorted(floors, reverse=True)
    assert set(floors) == set(range(1, 9))
    assert house.rooms["cli"].floor == 8
    assert house.rooms["values"].floor == 1
    families = [room.name for room in house.rooms.values() if room.is_plug_family]
    assert families == ["providers", "engines", "payments", "guards", "indexes", "clusters"]


def test_every_exception_is_still_needed() -> None:
    """An exception that nothing needs any more is removed from tests/house/exceptions.py."""
    strict = House(ROOT, jobs=frozenset(), shipped=frozenset())
    breaches = "\n".join(RULES[3](strict) + RULES[4](strict) + RULES[5](strict))
    idle = [
        job
        for job in sorted(exceptions.BLOCKING_JOBS | exceptions.SHIPPED_DATA)
        if f"src/solvent/{job}:" not in breaches
    ]
    for place in sorted(exceptions.LONG_DOCSTRINGS):
        source = strict.by_place.get(place)
        if source is None or rules_of_form.docstring_lines(source) <= rules_of_form.DOCSTRING_LINES_MAX:
            idle.append(place)
    assert not idle, f"remove from tests/house/exceptions.py: {', '.join(idle)}"
