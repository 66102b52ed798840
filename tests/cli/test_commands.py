"""The commands that look at a running or stopped service: report, config, models."""

from __future__ import annotations

import json
import time
import uuid
from fractions import Fraction

import pytest
from tests.doors.books import read_books
from tests.doors.fixtures import CONFIG, Serve, books_of, scripted_model
from tests.doors.server import Solvent, question
from tests.doors.upstream import Upstream

from solvent.db.engine import open_engine
from solvent.margin import store as margin_store
from solvent.margin.earned_store import add_earned
from solvent.margin.line import MarginKey, MarginSums
from solvent.values.period import day_number, zone

pytestmark = pytest.mark.xdist_group("commands")


@pytest.fixture(scope="module")
def asked(solvent: Solvent) -> Solvent:
    """A service that has answered, failed and been left."""
    for words in (1, 5, 9):
        for stream in (False, True):
            solvent.send("POST", "/v1/chat/completions", question({"words": words}, stream=stream))
    solvent.send("POST", "/v1/chat/completions", question({"status": 500, "body": ""}))
    solvent.send("POST", "/v1/chat/completions", question({"usage": "none"}))
    _, key = solvent.customer(grant="1")
    solvent.send("POST", "/v1/chat/completions", question(model="hasty"), key)
    user = uuid.uuid4().hex
    talk = solvent.begin(question({"words": 20, "pause_s": 0.01}, user=user, stream=True))
    talk.until(b"word2")
    talk.hang_up()
    solvent.receipt_for(user)
    return solvent


@pytest.mark.parametrize("group_by", ["customer", "plan", "model", "day"])
@pytest.mark.parametrize("since", ["1d", "7d", "2026-01-01"])
def test_the_report_is_the_margin_endpoints(asked: Solvent, group_by: str, since: str) -> None:
    run = asked.run("report", "--json", "--group-by", group_by, "--since", since)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == asked.operate("GET", f"/v1/margin?group_by={group_by}&since={since}")


@pytest.mark.parametrize("order", ["losers", "earners"])
@pytest.mark.parametrize("limit", [1, 2, 1_000])
def test_so_is_a_report_of_some_customers(asked: Solvent, order: str, limit: int) -> None:
    run = asked.run("report", "--json", "--group-by", "customer", "--limit", str(limit), "--order", order)
    made = json.loads(run.stdout)
    assert made == asked.operate("GET", f"/v1/margin?group_by=customer&limit={limit}&order={order}")
    assert (len(made["rows"]), made["customers"]) == (min(limit, 2), 2)
    margins = [Fraction(row["margin"]) for row in made["rows"]]
    assert margins == sorted(margins, reverse=order == "earners")
    words = asked.run(
        "report", "--group-by", "customer", "--limit", str(limit), "--order", order, SOLVENT_LANGUAGE="en"
    )
    ends = {"losers": "least", "earners": "most"}
    assert (f"1 of 2 customers: those with the {ends[order]} margin" in words.stdout) == (limit == 1)


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "many"])
def test_more_customers_than_a_report_may_have_are_refused(asked: Solvent, limit: str) -> None:
    run = asked.run("report", "--group-by", "customer", "--limit", limit)
    assert (run.returncode, run.stdout) == (2, "")
    answer = asked.send("GET", f"/v1/margin?group_by=customer&limit={limit}", key=asked.operator_key)
    assert (answer.status, answer.error["param"]) == (400, "limit")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Answers, plans and packs brought in $12.00 more", "plans and packs", " plans ")),
        ("ko", ("요금과 요금제 수입이 비용보다", "요금제와 묶음", " 요금제 ")),
    ],
)
def test_what_plans_earned_has_a_column_and_a_line_of_its_own(
    serve: Serve, language: str, words: tuple[str, ...]
) -> None:
    server = serve().start()
    server.stop()
    assert words[1] not in server.run("report", SOLVENT_LANGUAGE=language).stdout
    engine = open_engine(server.data)
    with engine.begin() as connection:
        today = day_number(time.time_ns() // 1000, zone("Asia/Seoul"))
        add_earned(connection, [(today - 1, "cus_1", "pro", 12 * 10**9)])
    engine.dispose()
    run = server.run("report", SOLVENT_LANGUAGE=language, COLUMNS="160")
    assert [word for word in words if word not in run.stdout] == [], run.stdout
    made = json.loads(server.run("report", "--json").stdout)
    assert [(row["name"], row["earned"], row["margin"], row["answers"]) for row in made["rows"]] == [
        ("", "12", "12", 0)
    ]


@pytest.mark.parametrize(
    ("language", "words"), [("en", ("pictures", "characters", "minutes")), ("ko", ("그림", "글자", "분"))]
)
def test_what_is_not_counted_in_tokens_has_columns_where_there_is_any(
    serve: Serve, language: str, words: tuple[str, ...]
) -> None:
    server = serve().start()
    server.stop()
    engine = open_engine(server.data)
    today = day_number(time.time_ns() // 1000, zone("Asia/Seoul"))
    drawn, heard = (MarginKey(today, "cus_1", "pro", model) for model in ("draws", "hears"))
    with engine.begin() as connection:
        margin_store.add(connection, [(drawn, MarginSums(answers=2, pictures=1_234))])
    shown = server.run("report", SOLVENT_LANGUAGE=language, COLUMNS="80").stdout
    assert [word in shown for word in (*words, "1,234")] == [True, False, False, True], shown
    with engine.begin() as connection:
        margin_store.add(connection, [(heard, MarginSums(answers=1, characters=56_789, audio_input_ms=90_500))])
    engine.dispose()
    shown = server.run("report", SOLVENT_LANGUAGE=language, COLUMNS="160").stdout
    assert [word for word in (*words, "1,234", "56,789", "1.5") if word not in shown] == [], shown
    rows = json.loads(server.run("report", "--json").stdout)["rows"]
    told = [(row["pictures_made"], row["characters"], row["audio_input_seconds"]) for row in rows]
    assert told == [(1_234, 0, "0.000"), (0, 56_789, "90.500")]


def test_the_report_is_the_sum_of_the_receipts(asked: Solvent) -> None:
    made = json.loads(asked.run("report", "--json").stdout)
    books = read_books(asked.data)
    receipts = [asked.receipt(id) for id in books.receipts]
    for ours, theirs in (("revenue", "charge"), ("cost", "cost"), ("margin", "margin")):
        assert Fraction(made["total"][ours]) == sum(Fraction(receipt[theirs]) for receipt in receipts)
        assert sum(Fraction(row[ours]) for row in made["rows"]) == Fraction(made["total"][ours])
    failed = sum(receipt["outcome"] == "failed" for receipt in receipts)
    assert (made["total"]["answers"], made["total"]["failed"]) == (len(receipts) - failed, failed)
    assert made["total"]["estimated_answers"] == sum(receipt["usage"]["estimated"] for receipt in receipts)
    assert failed == 1


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            (
                "Answers brought in",
                "charged",
                "cost",
                "margin",
                "scripted",
                "hasty",
                "total",
                "Questions that failed: 1",
            ),
        ),
        ("ko", ("많았습니다", "요금", "비용", "남은 돈", "scripted", "hasty", "합계", "질문 1개가 실패")),
    ],
)
def test_the_report_speaks_the_operators_language(asked: Solvent, language: str, words: tuple[str, ...]) -> None:
    run = asked.run("report", SOLVENT_LANGUAGE=language, COLUMNS="160")
    assert run.returncode == 0, run.stderr
    assert [word for word in words if word not in run.stdout] == [], run.stdout
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("since", ["yesterday", "-7d", "0d", "2026-99-99", ""])
def test_a_senseless_since_is_refused_in_one_line(asked: Solvent, since: str) -> None:
    run = asked.run("report", "--since", since)
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.startswith("solvent: ")
    assert run.stderr.count("\n") == 1


def test_a_report_of_no_books_says_so(serve: Serve) -> None:
    run = serve().run("report")
    assert run.returncode == 2
    assert "no books" in run.stderr
    assert run.stderr.count("\n") == 1


def test_a_report_of_a_new_service_is_empty_and_not_an_error(serve: Serve) -> None:
    server = serve().start()
    server.stop()
    run = server.run("report", SOLVENT_LANGUAGE="en")
    assert (run.returncode, run.stderr) == (0, "")
    assert "No answers" in run.stdout
    assert json.loads(server.run("report", "--json").stdout)["rows"] == []


def test_a_report_can_be_made_while_the_service_is_stopped(serve: Serve) -> None:
    server = serve().start()
    server.send("POST", "/v1/chat/completions", question())
    margin = server.operate("GET", "/v1/margin?group_by=model")
    assert server.stop() == 0
    assert json.loads(server.run("report", "--json").stdout) == margin
    books_of(server)


def test_config_shows_every_setting_and_no_secret(asked: Solvent) -> None:
    text = asked.run("config").stdout
    for setting in ("currency", "time_zone", "house_model", "grant", "first_byte_s", "on_abort"):
        assert f"{setting} = " in text
    assert 'currency = "USD"  # ' in text
    shown = json.loads(asked.run("config", "--json").stdout)
    assert shown["models"][0]["key"] == "env:UPSTREAM_KEY"
    assert "sk-upstream" not in json.dumps(shown) + text


def test_the_environment_overrides_the_file(asked: Solvent) -> None:
    shown = json.loads(asked.run("config", "--json", SOLVENT_TIME_ZONE="Europe/Paris").stdout)
    assert (shown["time_zone"], shown["currency"]) == ("Europe/Paris", "USD")
    run = asked.run("config", SOLVENT_HOUSE_MODEL="perhaps")
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)


def test_models_says_which_answer_now(serve: Serve, upstream: Upstream) -> None:
    config = CONFIG + "\n".join(
        (
            scripted_model(upstream),
            scripted_model(upstream, "elsewhere", base_url="http://127.0.0.1:1/v1"),
            scripted_model(upstream, "misnamed", upstream="nobody"),
        )
    )
    run = serve(config).run("models", "--json")
    assert run.returncode == 0, run.stderr
    models = {model["model"]: model for model in json.loads(run.stdout)}
    assert {name: model["answers"] for name, model in models.items()} == {
        "scripted": True, "elsewhere": False, "misnamed": False,
    }  # fmt: skip
    assert "nobody" in models["misnamed"]["trouble"]
    assert "127.0.0.1:1" in models["elsewhere"]["trouble"]
    assert (models["scripted"]["cost_card"], models["scripted"]["price_card"]) == (
        "doors-cost@2026-01-01", "doors-price@2026-01-01",
    )  # fmt: skip


def test_without_a_command_help_is_printed(asked: Solvent) -> None:
    text = asked.run("report", "--help").stdout
    assert "--since" in text
    assert "--group-by" in text
