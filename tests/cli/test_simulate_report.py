"""`solvent simulate --report`: one page that needs nothing else, says what the JSON says, and trusts no name."""

from __future__ import annotations

import html
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser
from tests.browsing import base_url, browser, new_server, server
from tests.doors.server import Solvent

from solvent.values.money import grains_per_unit

__all__ = ["base_url", "browser", "new_server", "server"]
EVIL = "</script><script>alert(1)</script><img src=http://evil.test/x>"
PLANS = """\
- {name: priced, price: '9000', beyond: stop, included: [{answers: 3000}]}
- {name: open, price: '100', beyond: stop, included: [{answers: unlimited}]}
"""


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """Of a command over four weeks of 60 customers, of whom one is up to no good."""
    folder = tmp_path_factory.mktemp("traffic")
    rows = [f"2026-11-{1 + n // 60:02} {n % 24:02}:15:00,{900 + n},500,{n % 60}" for n in range(28 * 60)]
    rows.append(f'2026-11-28 23:59:00,2000000,900000,"{EVIL}"')
    (folder / "trace.csv").write_text("at,input_tokens,output_tokens,customer\n" + "\n".join(rows) + "\n")
    (folder / "plans.yaml").write_text(PLANS)
    return (
        "simulate", "--trace", str(folder / "trace.csv"), "--model", "plain", "--plans", str(folder / "plans.yaml"),
        "--plan", "priced", "--plan", "open", "--sort",
    )  # fmt: skip


def test_it_opens_with_nothing_else_and_its_tables_sum_to_the_json(
    server: Solvent, words: tuple[str, ...], tmp_path: Path, browser: Browser
) -> None:
    file = tmp_path / "report.html"
    asked: tuple[str, ...] = ("--year", "--draws", "60", "--seed", "7", "--react", "--assume", "worth=500", "--json")
    asked += ("--assume", "metering=0", "--assume", "inertia=0")
    done = server.run(*words, *asked, "--report", str(file), "--language", "en")
    assert done.returncode == 0, done.stderr
    text = file.read_text(encoding="utf-8")
    assert len(text) < 200_000
    assert "<script>alert" not in text
    assert "<img" not in text
    context = browser.new_context(color_scheme="dark", viewport={"width": 390, "height": 800})
    page = context.new_page()
    asked_for, said = list[str](), list[str]()
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: asked_for.append(request.url))
    page.goto(file.as_uri())
    assert asked_for == [file.as_uri()]
    assert not said
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    run = json.loads(page.locator("#run").text_content() or "")
    assert run["scenarios"] == json.loads(done.stdout)
    assert (run["seed"], run["assumptions"]["churn"]["usual"], run["demand"]["worth"]) == (7, 0.05, 500.0)
    assert f"--report {file}" in run["command"]
    assert [plan["name"] for plan in run["plans"]] == ["priced", "open"]
    tables = page.locator("table.customers").evaluate_all(
        "all => all.map(table => [...table.tBodies[0].rows].map("
        " row => [...row.querySelectorAll('data')].map(data => data.value)))"
    )
    assert len(tables) == len(run["scenarios"]) == 3
    for rows, one in zip(tables, run["scenarios"], strict=True):
        *parts, whole = [[Decimal(amount) for amount in row] for row in rows]
        assert len(parts) <= 21
        assert [sum(column) for column in zip(*parts, strict=True)] == whole
        total = one["total"]
        assert whole[:3] == [
            Decimal(total[f"{name}_grains"]) / grains_per_unit("KRW") for name in ("earned", "charge", "cost")
        ]
        assert whole[3] == whole[0] + whole[1] - whole[2]
    assert page.locator("#years tbody tr").count() == 3
    assert EVIL in page.locator("main").inner_text()  # as words
    context.close()


def test_it_speaks_the_language_of_the_terminal_and_says_where_it_cannot_be_written(
    server: Solvent, words: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / "보고서.html"
    fleet = ("--serve", "llama-3.1-8b-instruct", "--on", "1xH100", "--rate", "2000")
    done = server.run(*words, *fleet, "--report", str(file), SOLVENT_LANGUAGE="ko")
    assert done.returncode == 0, done.stderr
    text = file.read_text(encoding="utf-8")
    assert '<html lang="ko"' in text
    assert "앞으로 1년" not in text  # no year was asked for
    assert re.search(r"나머지 \d+명", text)
    assert text.count(":00</th>") == 48  # the load of each hour, and its servers
    written = [yaml.safe_load(html.unescape(plan))[0] for plan in re.findall(r"<pre>(- name.*?)</pre>", text, re.S)]
    again = tmp_path / "again.yaml"
    again.write_text(yaml.safe_dump(written, allow_unicode=True))
    assert written[1] == {"name": "open", "price": "100", "beyond": "stop", "included": [{"answers": "unlimited"}]}
    from_it = server.run(*(str(again) if word.endswith("plans.yaml") else word for word in words), "--json")
    assert json.loads(from_it.stdout) == json.loads(server.run(*words, "--json").stdout)
    refused = server.run(*words, "--report", str(tmp_path / "nowhere" / "report.html"))
    assert refused.returncode == 2
    assert "cannot be written" in refused.stderr
