"""SIGHUP on the real server: other settings are in force, wrong ones are refused, and answers go on; what is logged."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from tests.doors.books import check, read_books
from tests.doors.fixtures import CONFIG, scripted_model
from tests.doors.server import CARDS, OUTPUT_GRAINS, UPSTREAM_KEY, Solvent, eventually, question
from tests.doors.upstream import Upstream

pytestmark = pytest.mark.xdist_group("reload")

IN_FORCE, REFUSED = "the settings are in force", "the former ones stay in force"


@pytest.fixture(scope="module")
def server(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Solvent]:
    made = Solvent(tmp_path_factory.mktemp("reload"), CONFIG + scripted_model(upstream))
    made.start("--workers", "2", "--log-format", "json", "--log-answers")
    try:
        yield made
        assert made.stop() == 0, made.output
        check(read_books(made.data))
    finally:
        made.kill()


def logged(server: Solvent) -> list[dict[str, Any]]:
    """Every line that was logged; each must be one object."""
    return [json.loads(line) for line in (server.folder / "stderr").read_text().splitlines()]


def reload(server: Solvent, config: str, answer: str = IN_FORCE) -> list[str]:
    """Write other settings and ask for them; what both workers say of it."""
    server.config.write_text(config)
    before = len([one for one in logged(server) if answer in one["message"]])
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGHUP)

    def look() -> list[str]:
        said = [one["message"] for one in logged(server) if answer in one["message"]][before:]
        return said if len(said) == 2 else []

    return eventually(look, f"nobody said {answer!r}: {server.output[-2000:]}")


def models(server: Solvent) -> set[str]:
    return {one["id"] for one in server.send("GET", "/v1/models").json["data"]}


def test_models_come_and_go_while_an_answer_is_told(server: Solvent, upstream: Upstream) -> None:
    plain = CONFIG + scripted_model(upstream)
    talk = server.begin(question({"words": 60, "pause_s": 0.05}, stream=True))
    talk.until(b"word1")
    reload(server, CONFIG + scripted_model(upstream, "other"))
    for _ in range(4):  # whichever worker
        assert models(server) == {"other"}
        assert server.send("POST", "/v1/chat/completions", question(model="other")).status == 200
        assert server.send("POST", "/v1/chat/completions", question()).status == 400
    reload(server, plain)
    assert models(server) == {"scripted"}
    talk.until(b"[DONE]")
    assert server.send("POST", "/v1/chat/completions", question()).status == 200


def test_a_changed_price_holds_for_the_next_answer(server: Solvent, upstream: Upstream) -> None:
    cards = server.folder / "rate_cards" / "doors.yaml"
    cards.write_text(CARDS.replace("output: 1.2}", "output: 2.4}"))
    reload(server, CONFIG + scripted_model(upstream))
    ids = [
        server.send("POST", "/v1/chat/completions", question({"words": 5})).headers["x-request-id"] for _ in range(4)
    ]
    charges = {server.receipt(id)["charge"] for id in ids}
    cards.write_text(CARDS)
    reload(server, CONFIG + scripted_model(upstream))
    again = server.send("POST", "/v1/chat/completions", question({"words": 5})).headers["x-request-id"]
    (dear,) = charges
    more = float(dear) - float(server.receipt(again)["charge"])
    assert more == pytest.approx(5 * OUTPUT_GRAINS / 10**9)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [("currency = = 5", "is not TOML"), ('[[models]]\nname = "x"\nprovider = "openai"\ncost_card = "none"\n'
      'price_card = "none"\n', "none"), ('[invoice]\ntax_permille = 5000', "tax_permille")],
)  # fmt: skip
def test_wrong_settings_are_refused_and_the_former_ones_stay(
    server: Solvent, upstream: Upstream, wrong: str, named: str
) -> None:
    for said in reload(server, f"{CONFIG}{scripted_model(upstream, 'new')}{wrong}\n", REFUSED):
        assert named in said
    assert models(server) == {"scripted"}
    assert server.send("POST", "/v1/chat/completions", question()).status == 200
    reload(server, CONFIG + scripted_model(upstream))


def test_a_command_asks_for_it_and_looks_at_the_settings_first(server: Solvent, upstream: Upstream) -> None:
    server.config.write_text(CONFIG + scripted_model(upstream, "commanded"))
    told = server.run("config", "reload")
    assert (told.returncode, told.stdout) == (0, "1 service was told; its log says whether they are in force\n"), told
    eventually(lambda: models(server) == {"commanded"}, "nobody heard of it")
    server.config.write_text("currency = = 5")
    told = server.run("config", "reload")
    assert told.returncode == 2
    assert "is not TOML" in told.stderr
    reload(server, CONFIG + scripted_model(upstream))
    server.data, data = server.folder / "nowhere", server.data
    try:
        assert server.run("config", "reload").returncode == 2
    finally:
        server.data = data


def test_what_cannot_change_is_told(server: Solvent, upstream: Upstream) -> None:
    (one, two) = reload(server, CONFIG.replace('"1000"', '"7"').replace("USD", "KRW") + scripted_model(upstream))
    assert one == two
    assert "wait for a restart: currency, first_run" in one
    reload(server, CONFIG + scripted_model(upstream))
    assert server.wallet()["currency"] == "USD"


def test_each_answer_is_one_line_without_its_words_and_without_secrets(server: Solvent) -> None:
    secret = "a-word-of-the-prompt"
    asked = question({"words": 3}, user="user-with-a-name", messages=[{"role": "user", "content": secret}])
    id = server.send("POST", "/v1/chat/completions", asked).headers["x-request-id"]
    server.send("POST", "/v1/chat/completions", {"model": "scripted", "messages": secret})
    server.send("POST", "/v1/chat/completions", question({"status": 500, "body": f'{{"error": "{UPSTREAM_KEY}"}}'}))
    (line,) = eventually(lambda: [one for one in logged(server) if one.get("request_id") == id], "it is not logged")
    assert (line["logger"], line["level"], line["outcome"], line["output_tokens"]) == (
        "solvent.answers", "info", "answered", 3,
    )  # fmt: skip
    assert line["charge"] == server.receipt(id)["charge"]
    written = (server.folder / "stderr").read_text()
    for kept in (secret, "word1", "user-with-a-name", UPSTREAM_KEY, server.key, server.operator_key):
        assert kept not in written


def test_what_breaks_is_logged_with_the_id_of_the_answer(server: Solvent) -> None:
    broken = server.send("POST", "/v1/chat/completions", question({"status": 500, "body": "{}"}))
    id = broken.headers["x-request-id"]
    lines = eventually(lambda: [one for one in logged(server) if one.get("request_id") == id], "it is not logged")
    assert {one["level"] for one in lines} >= {"warning"}
