"""`solvent simulate` on a real service: a replayed month earns what its ledger booked, to the last grain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.doors.books import read_books
from tests.doors.fixtures import CONFIG, scripted_model
from tests.doors.server import Solvent
from tests.doors.upstream import Upstream

from solvent.app.traffic import share
from solvent.ledger.account import REVENUE_ANSWERS
from solvent.simulation.scenario import Share
from solvent.values.errors import Invalid

PLANS = """
[[plans]]
name = "pay-as-you-go"
[[plans]]
name = "counted"
included = [{ answers = 3 }]
at_a_loss = true
[[plans]]
name = "worth"
included = [{ money = "0.00002" }]
at_a_loss = true
"""
ASKED = (("counted", (1, 7, 2, 9, 4)), ("worth", (3, 8, 5)), ("pay-as-you-go", (6, 2)))


@pytest.fixture(scope="module")
def asked(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Solvent]:
    """A service that answered some customers on each plan."""
    server = Solvent(tmp_path_factory.mktemp("simulate"), CONFIG + PLANS + scripted_model(upstream)).start()
    try:
        for plan, lengths in ASKED:
            _, key = server.customer("1", plan)
            for words in lengths:
                server.client(key).chat.completions.create(
                    model="scripted", messages=[{"role": "user", "content": "Hello"}],
                    extra_body={"script": {"words": words}},
                )  # fmt: skip
        yield server
    finally:
        server.stop()


def simulated(server: Solvent, *words: str) -> list[dict[str, Any]]:
    done = server.run("simulate", *words, "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_the_replay_of_today_is_what_the_ledger_booked_to_the_last_grain(asked: Solvent) -> None:
    today = simulated(asked)[0]
    books = read_books(asked.data)
    booked = books.by_model.sums
    total = today["total"]
    assert today["scenario"] == "today"
    assert (total["answers"], total["refused"]) == (booked.answers, 0) == (10, 0)
    assert total["charge_grains"] == booked.charge_grains > 0
    assert total["included_grains"] == booked.included_grains > 0
    assert total["cost_grains"] == booked.cost_grains > 0
    revenue = sum(move.credits - move.debits for (name, _), move in books.balances.items() if name == REVENUE_ANSWERS)
    assert total["charge_grains"] == revenue


def test_other_plans_are_compared_with_today(asked: Solvent) -> None:
    today, counted, metered = simulated(asked, "--plan", "counted", "--plan", "pay-as-you-go")
    assert metered["total"]["included_grains"] == 0
    assert metered["total"]["charge_grains"] == today["total"]["charge_grains"] + today["total"]["included_grains"]
    assert counted["against_today"]["pay_less"] == 2
    assert metered["against_today"]["pay_more"] == 2
    loses = metered["against_today"]["lose_most"][0]
    assert loses["after_grains"] > loses["before_grains"]
    assert not metered["against_today"]["gain_most"]
    assert len(metered["outcome"]["hours"]) == 1


def test_today_stays_as_it_is_where_a_written_plan_takes_the_place_of_one_on_sale(
    asked: Solvent, tmp_path: Path
) -> None:
    plans = tmp_path / "plans.yaml"
    plans.write_text("- {name: counted, price: '7', included: [{answers: 1}], beyond: stop}\n")
    today, counted = simulated(asked, "--plans", str(plans), "--plan", "counted")
    assert today == simulated(asked, "--plan", "counted")[0]
    assert 3 * 7 * 10**9 // 32 < counted["total"]["fee_grains"] < 3 * 7 * 10**9 // 27  # a day of a month
    assert counted["against_today"]["pay_more"] == 3


def test_every_run_is_kept_until_it_is_removed(asked: Solvent, tmp_path: Path) -> None:
    words = ("simulate", "--plan", "counted")
    kept = asked.run(*words, "--keep", "autumn", SOLVENT_LANGUAGE="en")
    assert kept.returncode == 0, kept.stderr
    assert "Kept as autumn" in kept.stderr
    taken = asked.run(*words, "--keep", "autumn", "--trace", "nowhere.csv")
    assert (taken.returncode, "choose another name" in taken.stderr) == (1, True)  # before it looks at any traffic
    assert "cannot be called" in asked.run(*words, "--keep", "../x").stderr
    dated = asked.run(*words, SOLVENT_LANGUAGE="ko")
    assert "보관했습니다" in dated.stderr
    before = json.loads(asked.run("simulate", "runs", "list", "--json").stdout)["data"]
    assert asked.run(*words, "--no-keep").stderr == ""
    searched = asked.run(
        "simulate", "optimise", "--customers", "50", "--seeds", "1", "--cost", "0.02", "--keep", "best"
    )
    assert searched.returncode == 0, searched.stderr
    best = json.loads(asked.run("simulate", "runs", "show", "best", "--json").stdout)
    assert (best["run"]["kind"], best["said"]["contest"]["customers"]) == ("optimise", 50)
    assert asked.run("simulate", "runs", "remove", "best").returncode == 0
    assert json.loads(asked.run("simulate", "runs", "list", "--json").stdout)["data"] == before
    assert [one["name"] for one in before if one["is_named"]] == ["autumn"]
    shown = json.loads(asked.run("simulate", "runs", "show", "autumn", "--json").stdout)
    assert (shown["run"]["plans"], shown["run"]["best"]) == (["counted"], "today")
    assert shown["said"]["scenarios"] == simulated(asked, *words[1:])
    assert shown["said"]["plan_versions"]["counted"] == 1
    asked.run("simulate", "runs", "show", "autumn", "--report", str(tmp_path / "it.html"))
    assert "counted" in (tmp_path / "it.html").read_text()
    assert "leaves most" in asked.run("simulate", "runs", "list", SOLVENT_LANGUAGE="en").stdout
    assert asked.run("simulate", "runs", "remove", "autumn").returncode == 0
    gone = asked.run("simulate", "runs", "show", "autumn")
    assert (gone.returncode, "there is no run 'autumn'" in gone.stderr) == (1, True)


def test_people_read_a_table(asked: Solvent) -> None:
    done = asked.run("simulate", "--plan", "counted", SOLVENT_LANGUAGE="en")
    assert done.returncode == 0, done.stderr
    assert "10 answers of the books replayed." in done.stdout
    assert "against today" in done.stdout


def test_the_fleet_and_break_even_are_told_where_there_is_something_to_tell(asked: Solvent, tmp_path: Path) -> None:
    trace, plans = tmp_path / "trace.csv", tmp_path / "plans.yaml"
    rows = "".join(f"2026-11-16 {n % 24:02}:15:00,1000,{2_000 + n}\n" for n in range(24))
    trace.write_text(f"TIMESTAMP,ContextTokens,GeneratedTokens\n{rows}")
    plans.write_text("- name: priced\n  price: '9'\n  included: [{answers: unlimited}]\n  beyond: stop\n")
    words = ("--trace", str(trace), "--model", "scripted", "--plans", str(plans), "--plan", "priced")
    fleet = (*words, "--serve", "llama-3.1-8b-instruct", "--on", "1xH100", "--rate", "2")
    (found,) = simulated(asked, *fleet)
    assert found["fleet"]["server"]["hour_grains"] == 2 * 10**9
    assert [hour["servers_peak"] for hour in found["fleet"]["hours"]] == [1] * 24
    assert found["fleet"]["always_month_grains"] == round(24 * 30.4375) * 2 * 10**9
    (even,) = found["pays_for"]
    assert (even["plan"], even["customers"], even["beyond"]) == ("priced", 1, 0)
    assert even["answers_month"]["low"] <= even["answers_month"]["usual"] <= even["answers_month"]["high"]
    told = asked.run("simulate", *fleet, SOLVENT_LANGUAGE="en")
    assert "1 are enough at all times" in told.stdout
    assert "the price of priced pays for" in told.stdout
    refused = asked.run("simulate", *words, "--serve", "llama-3.1-8b-instruct")
    assert refused.returncode == 2
    assert "--serve MODEL and --on HARDWARE go together" in refused.stderr


def test_a_file_is_replayed_through_plans_that_are_not_on_sale_yet(asked: Solvent, tmp_path: Path) -> None:
    trace, plans = tmp_path / "trace.csv", tmp_path / "plans.yaml"
    rows = "".join(f"2026-11-16 18:15:{n:02}.5,1000,500\n" for n in range(20))
    trace.write_text(f"TIMESTAMP,ContextTokens,GeneratedTokens\n{rows}")
    plans.write_text("- name: tiny\n  price: '1'\n  included: [{answers: 5}]\n  beyond: stop\n")
    words = ("--trace", str(trace), "--share", "gpt=scripted", "--model", "gpt", "--plans", str(plans))
    (found,) = simulated(asked, *words, "--plan", "tiny")
    assert (found["total"]["answers"], found["total"]["refused"]) == (5, 15)
    assert found["total"]["fee_grains"] == round(10**9 / 30)  # a day of the month from November 16 on
    done = asked.run("simulate", "--trace", str(trace), "--model", "gpt")
    assert done.returncode == 2
    assert "asks model 'gpt', which is not sold here" in done.stderr


def test_a_year_is_drawn_from_it_and_told_to_people_and_programs(asked: Solvent, tmp_path: Path) -> None:
    trace = tmp_path / "trace.csv"
    rows = "".join(f"2026-11-{day:02} 18:15:00,1000,500\n" for day in range(1, 29))
    trace.write_text(f"TIMESTAMP,ContextTokens,GeneratedTokens\n{rows}")
    words = ("simulate", "--trace", str(trace), "--model", "scripted", "--plan", "counted", "--year", "--draws", "50")
    done = asked.run(*words, "--assume", "churn=0.01", "--json")
    assert done.returncode == 0, done.stderr
    drawn = json.loads(done.stdout)[0]["year"]
    assert (drawn["draws"], len(drawn["quantiles"])) == (50, 9)
    assert sum(one["draws"] for one in drawn["bins"]) == 50
    assert {swing["assumption"] for swing in drawn["swings"]} == {"growth", "churn", "exchange", "cost_cut"}
    told = asked.run(*words, SOLVENT_LANGUAGE="ko")
    assert "앞으로 1년을 50번" in told.stdout
    assert "손실 확률" in told.stdout
    refused = asked.run(*words, "--assume", "churn=2")
    assert refused.returncode == 2
    assert "within 0 to 1" in refused.stderr
    short = asked.run("simulate", "--plan", "counted", "--year")
    assert "less than a day" in short.stderr


def test_scenarios_of_a_file_have_prices_of_their_own_and_say_so(asked: Solvent, tmp_path: Path) -> None:
    (tmp_path / "free").mkdir()
    card = "card: doors-price\ncurrency: USD\nentries:\n  - {from: 2020-01-01, answer: 0, source: made for a test}\n"
    (tmp_path / "free/cards.yaml").write_text(card)
    file = tmp_path / "scenarios.yaml"
    file.write_text("- {name: nothing, prices: free}\n- {name: cached, plan: counted, cached: 1000}\n")
    today, nothing, cached = simulated(asked, "--scenarios", str(file))
    assert nothing["total"]["charge_grains"] == nothing["total"]["included_grains"] == 0
    assert nothing["total"]["cost_grains"] == today["total"]["cost_grains"]
    assert [(one["what"], one["name"]) for one in nothing["varies"]] == [("price", "scripted")]
    assert [(one["what"], one["permille"]) for one in cached["varies"]] == [("plan", None), ("cache", 1000)]
    told = asked.run("simulate", "--scenarios", str(file), "--plan", "worth", SOLVENT_LANGUAGE="en")
    assert "nothing differs: scripted is sold by other prices." in told.stdout
    assert "cached differs: everybody on counted, 1000 of 1000 tokens read come from a cache." in told.stdout
    refused = asked.run("simulate", "--scenarios", str(tmp_path / "none.yaml"))
    assert refused.returncode == 2
    assert "none.yaml cannot be read" in refused.stderr
    file.write_text("- {name: worth, plan: counted}")
    refused = asked.run("simulate", "--scenarios", str(file), "--plan", "worth")
    assert "a scenario 'worth' is there without it" in refused.stderr
    for wrong in ("{name: worth, plan: counted}", "{name: worth}"):
        file.write_text(f"- {wrong}")
        refused = asked.run("simulate", "--scenarios", str(file))
        assert (refused.returncode, "scenario 'worth' is named like a plan" in refused.stderr) == (2, True), wrong
    file.write_text("- {name: worth, plan: worth, prices: free}")
    (worth,) = [one for one in simulated(asked, "--scenarios", str(file)) if one["scenario"] == "worth"]
    assert [one["what"] for one in worth["varies"]] == ["price"]


def test_what_is_spread_over_processes_comes_to_the_same(asked: Solvent) -> None:
    words = ("--generate", "customers=60,days=20,answers=40", "--start", "2026-11-02", "--model", "scripted")
    through = ("--plan", "counted", "--plan", "worth", "--react", "--year", "--draws", "120")
    assert simulated(asked, *words, *through, "--spread", "2") == simulated(asked, *words, *through)
    refused = asked.run("simulate", "--spread", "nowhere")
    assert refused.returncode == 2
    assert "write a number of processes, ray, HOST:PORT or ray://HOST:PORT" in refused.stderr


def test_customers_react_where_it_is_asked_for(asked: Solvent, tmp_path: Path) -> None:
    trace, plans = tmp_path / "trace.csv", tmp_path / "plans.yaml"
    rows = "".join(f"2026-11-{1 + n // 10:02} 18:15:00,1000,500,{n % 7}\n" for n in range(280))
    trace.write_text(f"at,input_tokens,output_tokens,customer\n{rows}")
    plans.write_text(
        "- {name: dear, price: '90', beyond: stop, included: [{answers: unlimited}]}\n"
        "- {name: cheap, price: '2', beyond: stop, included: [{answers: 10}]}\n"
    )
    words = ("--trace", str(trace), "--model", "scripted", "--plans", str(plans), "--plan", "dear", "--plan", "cheap")
    demand = ("--react", "--assume", "worth=0.5", "--assume", "worth_spread=0")
    dear, cheap, choice = simulated(asked, *words, *demand)
    assert (dear["reaction"]["left"], cheap["reaction"]["left"]) == (7, 0)  # 40 answers are worth some ten dollars
    assert (dear["total"]["fee_grains"], cheap["total"]["answers"]) == (0, 70)
    assert (choice["scenario"], choice["total"]) == ("their choice", cheap["total"])
    told = asked.run("simulate", *words, *demand, SOLVENT_LANGUAGE="en")
    assert "dear: of 7 customers 7 leave" in told.stdout
    refused = asked.run("simulate", *words, "--react", "--assume", "luck=1")
    assert "there are churn, cost_cut, elasticity, exchange, growth, tail, worth" in refused.stderr


def test_tariffs_are_searched_for_the_customers_of_a_file(asked: Solvent, tmp_path: Path) -> None:
    trace = tmp_path / "trace.csv"
    rows = "".join(f"2026-11-{1 + n // 10:02} 18:15:00,1000,500,{n % 7}\n" for n in range(280))
    trace.write_text(f"at,input_tokens,output_tokens,customer\n{rows}")
    words = ("optimise", "--trace", str(trace), "--model", "scripted", "--shape", "capped", "--seeds", "3")
    done = asked.run("simulate", *words, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    cost = found["regimes"][0]["cost_grains"]
    (replayed,) = simulated(asked, "--trace", str(trace), "--model", "scripted", "--plan", "pay-as-you-go")
    assert cost == replayed["total"]["cost_grains"] // 280
    assert (found["customers"], found["regimes"][0]["advice"]) == (7, "capped")
    assert found["source"] == replayed["outcome"]["source"]
    theirs = asked.run("simulate", *words[:3], "--model", "not-sold-here", "--cost", "0.01", *words[5:], "--json")
    assert json.loads(theirs.stdout)["regimes"][0]["cost_grains"] == 10**7
    short = asked.run("simulate", "optimise")
    assert short.returncode == 2
    assert "less than a day" in short.stderr


def test_traffic_nobody_asked_is_generated_written_and_fitted_again(asked: Solvent, tmp_path: Path) -> None:
    written, numbers = tmp_path / "made.csv", tmp_path / "made.json"
    words = ("--generate", "customers=120,days=16,answers=60", "--start", "2026-11-02", "--seed", "3")
    through = ("--model", "scripted", "--plan", "counted", "--write-trace", str(written))
    (made,) = simulated(asked, *words, *through, "--year", "--draws", "20")
    assert made["outcome"]["source"] == "generated traffic, seed 3"
    assert "tail" in {swing["assumption"] for swing in made["year"]["swings"]}
    same = "the same traffic again: --generate customers=120,days=16,answers=60 --start 2026-11-02 --seed 3"
    assert made["outcome"]["notes"][0] == same
    (again,) = simulated(asked, "--trace", str(written), "--plan", "counted")
    assert again["total"]["answers"] == made["total"]["answers"] == len(written.read_text().splitlines()) - 1
    assert again["total"]["charge_grains"] == made["total"]["charge_grains"] > 0
    done = asked.run("simulate", "fit", "--trace", str(written), "--into", str(numbers), SOLVENT_LANGUAGE="en")
    assert done.returncode == 0, done.stderr
    assert "too few to see how heavy the tail is" in done.stdout
    assert "No Pareto tail is taken" in done.stdout
    (more,) = simulated(asked, "--generate", f"{numbers},customers=60", "--plan", "counted")
    assert more["total"]["answers"] > 0
    found = json.loads(asked.run("simulate", "fit", "--trace", str(written), "--json").stdout)
    assert found["intervals"]["sigma"]["low"] < 1.86 < found["intervals"]["sigma"]["high"]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("fit",), "a fit takes 50 customers, and here are 3"),
        (("--generate", "customers=0"), "customers: '0' is not 1 to"),
        (("--generate", "none.json"), "none.json holds no numbers of traffic"),
        (("--generate", "customers=9", "--trace", "x.csv"), "say --trace or --generate"),
        (("--trace", ".", "--format", "azure"), "--format azure: . holds a pool of clients"),
        (("--format", "csv"), "--format 'csv': there are mooncake, azure"),
    ],
)
def test_traffic_that_cannot_be_is_refused_in_one_line(asked: Solvent, words: tuple[str, ...], named: str) -> None:
    done = asked.run("simulate", *words)
    assert done.returncode == 2
    assert named in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "read"),
    [("a=b", Share("a", "b", 1000)), ("a=b:250", Share("a", "b", 250)), ("a=b:cloud", Share("a", "b:cloud", 1000))],
)
def test_shares_are_written_short(text: str, read: Share) -> None:
    assert share(text) == read


@pytest.mark.parametrize("text", ["a", "a=", "=b"])
def test_a_share_that_names_no_two_models_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="write it like"):
        share(text)


def test_a_fleet_is_sized_for_the_load_of_the_books(asked: Solvent) -> None:
    done = asked.run("size", "fleet", "qwen3-8b", "--on", "H100", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    total = simulated(asked)[0]["total"]
    assert found["source"] == "the books"
    assert (found["input_tokens"] + found["output_tokens"]) * 10 == pytest.approx(total["tokens"], abs=1)
    assert found["answers_month"] in (round(10 * 24 * 30.4375), round(5 * 24 * 30.4375))  # within one hour, or two
    assert len(found["hours"]) == 24
    assert max(hour["servers_peak"] for hour in found["hours"]) == 1
    other = asked.run("size", "fleet", "qwen3-8b", "--on", "H100", "--of", "another", SOLVENT_LANGUAGE="en")
    assert other.returncode == 2
    assert "--answers-per-second" in other.stderr
