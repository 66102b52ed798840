"""What pages weigh, when they listen on a slow processor, and whether lists of 10,000 rows scroll: in real Chromium.

Run alone: `.venv/bin/python bench/pages.py`. It makes books with 10,000 customers and answers first. Budgets: the chat
150 kB before its first paint and one second until it listens, the console's home 250 kB.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import msgspec
from bench.load import machine
from bench.load.made_year import Shape, make
from bench.load.opened_page import SLOWED, Opened, opened
from bench.load.scrolled_page import Scrolled, scrolled
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from tools.chromium import MISSING, find_chromium

from solvent.db.engine import open_engine
from solvent.ledger.store import keep_months_in

ROWS = 10_000
ROUNDS = 5
ZONE = "Asia/Seoul"  # of the made books
READY_S_MAX = 60
PASSWORD = "a long enough password"
LANGUAGES = ("ko-KR", "en-US")
LISTS = (
    "/console/customers", "/console/margins?since=90d", "/console/margins/answers", "/console/ledger", "/console/audit",
    "/console/money",
)  # fmt: skip
PROGRAM = (sys.executable, "-m", "solvent.cli.main")


@contextmanager
def serving(directory: Path) -> Iterator[tuple[str, str]]:
    """The service on books with many rows: its address, and an owner's key."""
    config, data, port = directory / "solvent.toml", directory / "data", machine.free_port()
    config.write_text(f'currency = "KRW"\ntime_zone = "{ZONE}"\n')
    data.mkdir(exist_ok=True)
    where = ["--data", str(data), "--config", str(config)]
    if not (data / "solvent.db").exists():
        with open_engine(data).begin() as connection:
            keep_months_in(connection, ZONE)
        make(Shape(ROWS, ROWS), data, "", lambda _said: None)
    issued = subprocess.run(
        [*PROGRAM, "operators", "issue-key", "owner", "--name", "bench", *where],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"op-[\w-]+", issued.stdout + issued.stderr)
    assert found, issued.stdout
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [*PROGRAM, "serve", "--port", str(port), *where],
            stdout=log,
            stderr=log,
            env=dict(os.environ),
            start_new_session=True,
        )
    try:
        give_up = time.monotonic() + READY_S_MAX
        while b"ready " not in (directory / "log").read_bytes() and time.monotonic() < give_up:
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", found[0]
    finally:
        machine.stop(process)


def as_customer(browser: Browser, url: str, language: str) -> BrowserContext:
    """A browser of somebody who has just signed up."""
    context = browser.new_context(locale=language)
    page = context.new_page()
    page.goto(f"{url}/sign-up")
    page.fill("#email", f"{uuid.uuid4().hex}@example.com")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}/")
    page.close()
    return context


def as_operator(browser: Browser, url: str, key: str, language: str) -> BrowserContext:
    """A browser of an owner."""
    context = browser.new_context(locale=language)
    page = context.new_page()
    page.goto(f"{url}/console#{key}")
    page.wait_for_url(f"{url}/console")
    page.close()
    return context


def best(rounds: list[Opened]) -> Opened:
    """The most bytes and the least times of several rounds: what else the machine does only adds to a time."""
    names = Opened.__struct_fields__
    return Opened(
        **{name: round((max if "bytes" in name else min)(getattr(one, name) for one in rounds)) for name in names}
    )


def measure(browser: Browser, url: str, key: str) -> tuple[dict[str, Opened], dict[str, Scrolled]]:
    """Open the two faces in both languages; scroll each long list."""
    pages: dict[str, Opened] = {}
    for language in LANGUAGES:
        for name, context, path in (
            ("chat", as_customer(browser, url, language), "/"),
            ("console", as_operator(browser, url, key, language), "/console"),
        ):
            opened(context, url + path)  # once before: what only a first time takes is the server's
            pages[f"{name}_{language[:2]}"] = best([opened(context, url + path) for _ in range(ROUNDS)])
            context.close()
    context = as_operator(browser, url, key, "ko-KR")
    lists = {path: scrolled(context, url + path) for path in LISTS}
    context.close()
    return pages, lists


def write(pages: dict[str, Opened], lists: dict[str, Scrolled], shown_by: str, to: Path) -> None:
    """The table for people and the file for programs."""
    date, stands_on = datetime.now(UTC).date().isoformat(), machine.describe(to)
    opened_rows = "\n".join(
        f"| {name} | {one.bytes_before_paint / 1000:.0f} | {one.bytes_of_page / 1000:.0f} "
        f"| {one.bytes_of_font / 1000:.0f} | {one.paint_ms:.0f} | {one.listens_ms:.0f} |"
        for name, one in pages.items()
    )
    lists_rows = "\n".join(
        f"| `{path}` | {one.rows} | {one.nodes} | {one.frames} | {one.long_frames} | {one.longest_ms:.0f} |"
        for path, one in lists.items()
    )
    (to / "pages.md").write_text(
        f"# Pages\n\n{date}, {stands_on}, commit {machine.commit()}, {shown_by}. Command: `bench/pages.py`.\n\n"
        f"Opened by a browser that keeps nothing from before, over the loopback, the processor slowed down {SLOWED} "
        f"times; the most bytes and the least times of {ROUNDS} rounds. Load average {os.getloadavg()[0]:.1f}: over 1, "
        "times are others' too. "
        "A browser's first page has the font after its first paint; the next ones find it kept. Budgets: chat 150 kB "
        "before the first paint and listening within 1,000 ms; console 250 kB.\n\n"
        "| page | kB before first paint | kB of the page | kB of the font, later | first paint, ms | listens, ms |\n"
        f"|---|---|---|---|---|---|\n{opened_rows}\n\n"
        f"## Long lists\n\n{ROWS:,} customers and answers on record, some 40,000 transfers. A list shows a page at a "
        "time; scrolled from top to end, the processor not slowed down. A long frame took over 50 ms.\n\n"
        "| page | rows shown | nodes | frames | long frames | longest, ms |\n"
        f"|---|---|---|---|---|---|\n{lists_rows}\n",
        encoding="utf-8",
    )
    figures: dict[str, Any] = {name: msgspec.to_builtins(one) for name, one in pages.items()}
    figures["lists"] = {path: msgspec.to_builtins(one) for path, one in lists.items()}
    body = {"date": date, "machine": stands_on, "commit": machine.commit(), "figures": figures}
    (to / "pages.json").write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")


def main() -> int:
    """Returns 1 where there is no Chromium."""
    where = find_chromium()
    if where is None:
        sys.stderr.write(MISSING + "\n")
        return 1
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="a directory for the books: they stay, and are used again")
    parser.add_argument("--to", type=Path, default=machine.ROOT / "docs" / "benchmarks")
    options = parser.parse_args()
    keep = nullcontext(options.keep) if options.keep else machine.run_directory()
    with keep as directory, serving(directory) as (url, key), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=where, args=["--no-sandbox", "--disable-gpu"])
        pages, lists = measure(browser, url, key)
        write(pages, lists, f"Chromium {browser.version}", options.to)
        browser.close()
    print((options.to / "pages.md").read_text())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
