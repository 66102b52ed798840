"""What the settings of the request log may say, and what masks before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from solvent.app.config import read_config
from solvent.app.logbook import redacts
from solvent.app.plans import read_plans
from solvent.billing.plan import LogTerms
from solvent.values.errors import Invalid

ALL = ("resident_number", "foreigner_number", "card", "phone", "email")


@pytest.mark.parametrize("of", ["the service", "a plan"])
@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ('{ keep = "text", redact = ["names"] }', f"redact names 'names'; there are {', '.join(ALL)}"),
        ('{ keep = "text", days = 0 }', "days is 0; it is 1 to 365"),
        ('{ keep = "text", days = 366 }', "days is 366; it is 1 to 365"),
        ('{ keep = "all" }', "request_log.keep"),
        ("{ kept = true }", "kept"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_may_stand_there(
    tmp_path: Path, of: str, setting: str, said: str
) -> None:
    file = tmp_path / "solvent.toml"
    plan = '[[plans]]\nname = "pay-as-you-go"\n' if of == "a plan" else ""
    file.write_text(f"{plan}request_log = {setting}\n")
    with pytest.raises(Invalid) as refused:
        read_plans(read_config(file, {}))
    assert said in refused.value.message
    assert ("pay-as-you-go" in refused.value.message or "plans[0]" in refused.value.message) == (of == "a plan")
    assert refused.value.code in ("bad_config", "bad_plan")


def test_nothing_is_kept_unless_somebody_says_so_and_then_all_kinds_are_masked(tmp_path: Path) -> None:
    config = read_config(None, {})
    assert config.request_log.keep == "none"
    assert all(not plan.request_log for plan in read_plans(config).values()), "they say nothing"
    file = tmp_path / "solvent.toml"
    file.write_text('[[plans]]\nname = "pay-as-you-go"\nrequest_log = { keep = "text", days = 1 }\n')
    assert read_plans(read_config(file, {}))["pay-as-you-go"].request_log == LogTerms("text", ALL, 1)


def test_a_kind_that_is_not_named_stays_and_secrets_never_do() -> None:
    words = "kim@example.com 4111111111111111 op-solvent-" + "0a" * 24
    assert redacts(("card",))(words, 1_000) == "kim@example.com [CARD] [SECRET]"
    assert redacts(())(words, 1_000) == "kim@example.com 4111111111111111 [SECRET]"


@pytest.mark.parametrize("most", range(1, 40))
def test_a_cut_leaves_no_half_of_anything(most: int) -> None:
    shown = redacts(ALL)("Call 010-1234-5678, or kim@example.com now", most)
    for left in ("010", "1234", "kim", "exam"):
        assert left not in shown
