"""The twelve rules by their numbers in docs/HOUSE.md. Each takes a house and returns what breaks the rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.house import rules_of_books, rules_of_floors, rules_of_form, rules_of_thought
from tests.house.house import House

Rule = Callable[[House], list[str]]

RULES: Final[dict[int, Rule]] = {
    1: rules_of_floors.imports_point_down,
    2: rules_of_floors.no_import_cycles,
    3: rules_of_thought.nouns_think,
    4: rules_of_thought.verbs_act,
    5: rules_of_books.only_stores_speak_sql,
    6: rules_of_books.money_is_whole,
    7: rules_of_floors.only_app_knows_adapters,
    8: rules_of_form.files_fit_on_a_screen,
    9: rules_of_form.names_carry_meaning,
    10: rules_of_form.modules_say_what_they_are,
    11: rules_of_floors.rooms_are_on_the_page,
    12: rules_of_floors.use_cases_have_doors,
}
