"""Takes a picture of each page, in both languages, light and dark, wide and on a phone, into docs/screenshots/.

A service of its own with the simulated customers of `serve --demo` is what they show: `make screenshots`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from base64 import b32decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import httpx2
import typst
from playwright.sync_api import Browser, Page, sync_playwright
from tools.chromium import MISSING, find_chromium

from solvent.identity.totp import code_at, step_of

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = str(Path(sys.executable).parent / "solvent")
READY_S_MAX = 60
DEMO_S = 25  # for which the simulated customers ask before the first picture
PASSWORD = "a long enough password"
# Language, width, height, theme.
LOOKS = (
    ("ko-KR", 1280, 860, "light"), ("ko-KR", 390, 844, "dark"), ("en-US", 1280, 860, "dark"),
    ("en-US", 390, 844, "light"),
)  # fmt: skip
QUESTIONS = {"ko-KR": "영수증은 어디에서 보나요?", "en-US": "What does an answer cost?"}
LEASES = {"ko-KR": "2026년 임대차 계약서.pdf", "en-US": "Lease 2026.pdf"}
DRAGGED = """() => {
  const moved = new DataTransfer();
  moved.items.add(new File(['x'], 'x.txt'));
  document.body.dispatchEvent(new DragEvent('dragenter', { dataTransfer: moved, bubbles: true }));
}"""
STRANGERS = ("/sign-in", "/sign-in/forgotten")
# The demo with a mail server that goes nowhere, so that letters are offered, a bank, and cards over Toss.
SETTINGS = """\
public_url = "http://127.0.0.1:{port}"
[mail]
host = "127.0.0.1"
port = 9
tls = "none"
sender = "letters@example.com"
[[payments]]
rail = "bank"
kind = "bank"
currencies = ["KRW", "USD"]
account = "국민은행 123456-01-123456 (주)솔벤트"
[[payments]]
rail = "toss"
kind = "toss"
currencies = ["KRW", "USD"]
key = "env:TOSS_KEY_OF_PICTURES"
client_key = "test_ck_of_pictures"
"""
CUSTOMERS = (
    "/plan", "/usage", "/invoices", "/keys", "/account", "/account/security", "/plan/cancel", "/invoices/profile",
    "/account/close", "/offline", "/nowhere",
)  # fmt: skip
OPERATORS = (
    "/console", "/console/margins", "/console/customers", "/console/plans", "/console/new-plan", "/console/scenarios",
    "/console/scenarios/new", "/console/models",
    "/console/money", "/console/ledger", "/console/audit", "/console/settings", "/console/start",
    "/console/margins/answers",
    "/console/prices", "/console/operators", "/console/money/debtors",
    "/console/money/payments", "/console/money/suspense", "/console/money/mismatches", "/console/money/bills",
    "/console/money/months", "/console/money/coupons", "/console/nowhere",
)  # fmt: skip
# Two runs of the simulator that the console shows, and the pages of what is done with them.
RUNS = ("spring", "spring-busy")
GENERATED = ("customers=300,days=30,tail=1.6", "customers=300,days=30,tail=1.3")
OF_RUNS = (
    ("console-scenario", "/console/scenarios/spring"),
    ("console-scenarios-compare", "/console/scenarios/compare?run=spring&run=spring-busy"),
    ("console-scenario-adopt", "/console/scenarios/spring/adopt/plus"),
)
# Pages of one thing: what the picture is called, the list that leads there, and by which link.
ONE_OF_THEM = (
    ("console-customer", "/console/customers", "tbody a.row"),
    ("console-plan", "/console/plans", "tbody a.row"),
    ("console-answer", "/console/margins/answers", "tbody a"),
    ("console-price-card", "/console/prices", "tbody a.row"),
    ("console-invoice", "/console/money", "tbody a.row"),
    ("console-payment", "/console/money/payments", "tbody a.row"),
    ("console-month", "/console/money/months", "main a[href^='/console/money/months/']"),
    ("console-transfers", "/console/ledger", "tbody a.row"),
)
WITH_ERRORS = ("/nowhere", "/console/nowhere", "/plan/cancel")
STILL_MS = 500


def main() -> int:
    """Returns how many pages there were no pictures of."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--seconds", type=int, default=DEMO_S, help="for which the demo runs first")
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    chromium = find_chromium()
    if chromium is None:
        sys.stderr.write(MISSING + "\n")
        return 1
    with serving() as (url, key, data), sync_playwright() as playwright:
        furnish(url, key)
        simulate(data)
        time.sleep(options.seconds)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        missing = [page for look in LOOKS for page in taken(browser, url, key, data, look, options.to)]
        browser.close()
    for page in missing:
        sys.stderr.write(f"no picture of {page}" + "\n")
    return len(missing)


@contextmanager
def serving() -> Iterator[tuple[str, str, Path]]:
    """A demo of its own: its address, its operator's key, and where its books are."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "solvent.toml").write_text(SETTINGS.format(port=port), encoding="utf-8")
        os.environ["TOSS_KEY_OF_PICTURES"] = "test_sk_of_pictures"
        process = subprocess.Popen(
            [PROGRAM, "serve", "--demo", "--port", str(port), "--data", folder],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            keys, give_up = Path(folder) / "first-run.json", time.monotonic() + READY_S_MAX
            while not (keys.exists() and answers(port)) and time.monotonic() < give_up:
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}", json.loads(keys.read_text())["operator_key"], Path(folder)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(READY_S_MAX)


def simulate(data: Path) -> None:
    """Keep two runs, of customers who use much and of some who use very much."""
    for name, generated in zip(RUNS, GENERATED, strict=True):
        asked = ["--generate", generated, "--start", "2026-11-05", "--plan", "plus", "--plan", "pro"]
        command = [PROGRAM, "simulate", *asked, "--year", "--keep", name, "--data", str(data)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def operate(url: str, key: str, path: str, body: object) -> None:
    """What an operator does over the API."""
    headers = {"authorization": f"Bearer {key}", "idempotency-key": uuid.uuid4().hex}
    httpx2.post(url + path, json=body, headers=headers, timeout=READY_S_MAX).raise_for_status()


def furnish(url: str, key: str) -> None:
    """What the simulated customers do not bring about: somebody who owes, and a coupon."""
    operate(url, key, "/v1/customers", {"name": "한빛서점", "plan": "plus", "pays": "invoice"})
    operate(url, key, "/v1/coupons", {"code": "SPRING-20", "what": "percent", "permille": 200, "periods": 3})


def answers(port: int) -> bool:
    """Whether something listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def taken(
    browser: Browser, url: str, key: str, data: Path, look: tuple[str, int, int, str], to: Path
) -> list[str]:  # fmt: skip
    """Take all pictures of one look; returns the pages that did not come."""
    language, width, height, theme = look
    named = f"{language[:2]}-{'phone' if width < 600 else 'wide'}-{theme}"
    settings = {"locale": language, "viewport": {"width": width, "height": height}, "timezone_id": "Asia/Seoul"}
    missing = []
    for sign_in, pages in ((as_customer, CUSTOMERS), (partial(as_guarded, data), ()), (as_operator, OPERATORS)):
        context = browser.new_context(**settings, color_scheme=theme)
        page = context.new_page()
        sign_in(page, url, key, language, lambda name, page=page: page.screenshot(path=to / f"{name}-{named}.png"))
        for path in pages:
            reply = page.goto(url + path)
            if reply is None or (reply.status != 200 and path not in WITH_ERRORS):
                missing.append(f"{path} ({named})")
                continue
            page.wait_for_timeout(STILL_MS)
            page.screenshot(path=to / f"{path.strip('/').replace('/', '-')}-{named}.png")
        for name, path in OF_RUNS if sign_in is as_operator else ():
            page.goto(url + path)
            page.wait_for_timeout(STILL_MS)
            page.screenshot(path=to / f"{name}-{named}.png")
        for name, path, link in ONE_OF_THEM if sign_in is as_operator else ():
            page.goto(url + path)
            if not page.locator(link).count():
                missing.append(f"{name} ({named})")
                continue
            page.goto(url + str(page.locator(link).first.get_attribute("href")))
            page.wait_for_timeout(STILL_MS)
            page.screenshot(path=to / f"{name}-{named}.png")
        context.close()
    return missing


def as_customer(page: Page, url: str, _key: str, language: str, take: Callable[[str], object]) -> None:
    """Sign up and ask something, with pictures on the way."""
    for path in STRANGERS:
        page.goto(url + path)
        take(path.strip("/").replace("/", "-"))
    page.goto(f"{url}/sign-up")
    take("sign-up")
    page.fill("#name", "김서연" if language == "ko-KR" else "Seo-yeon Kim")
    page.fill("#email", f"{time.time_ns()}@example.com")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}/")
    take("talk-empty")
    page.evaluate(DRAGGED)
    take("talk-drop")
    page.evaluate("document.getElementById('drop').hidden = true")
    page.set_input_files("#files", [{"name": LEASES[language], "mimeType": "application/pdf", "buffer": lease()}])
    page.locator(".adds").wait_for()
    take("talk-attached")
    page.locator("#attached button").click()
    page.locator("textarea").first.fill(QUESTIONS[language])
    page.keyboard.press("Enter")
    page.wait_for_timeout(6_000)
    take("talk")
    receipt = page.locator("details.receipt summary").first
    if receipt.count():
        receipt.click()
        page.wait_for_timeout(400)
        take("talk-receipt")
    page.locator("#more summary").click()
    page.locator("#more button[data-do=share]").click()
    page.locator("[data-do=share_begin]").click()
    page.wait_for_timeout(STILL_MS)
    take("talk-share")
    page.goto(page.input_value("#link"))
    page.wait_for_timeout(STILL_MS)
    take("shared")
    page.goto(f"{url}/usage")
    page.locator("a[href^='/usage/ans_']").first.click()
    page.wait_for_url("**/usage/ans_*")
    take("usage-answer")
    page.goto(f"{url}/plan")
    other = page.locator("a[href^='/plan/change']")
    if other.count():
        other.last.click()
        take("plan-change")
    page.goto(f"{url}/plan")
    page.fill("#top-up-amount", "10000")
    page.locator("#top-up button").click()
    page.wait_for_url("**/plan/pay/ord_*")
    order = page.url.split("/")[-1]
    take("plan-pay")
    for name, way in (("paid-waiting", ""), ("paid-left", "?left=1")):
        page.goto(f"{url}/paid/{order}{way}")
        take(name)
    page.goto(f"{url}/plan")
    page.fill("#coupon", "SPRING-20")
    page.keyboard.press("Enter")
    page.wait_for_url("**/plan/coupon")
    take("coupon")


def as_guarded(
    data: Path, page: Page, url: str, _key: str, language: str, take: Callable[[str], object]
) -> None:  # fmt: skip
    """Set up an authenticator app, and sign in with its code."""
    email = f"{time.time_ns()}@example.com"
    page.goto(f"{url}/sign-up")
    for field, words in (("name", "이안전" if language == "ko-KR" else "Ann Lee"), ("email", email)):
        page.fill(f"#{field}", words)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}/")
    with sqlite3.connect(next(data.glob("*.db"))) as books:  # no letter arrives here that they could open
        books.execute("update people set confirmed_us = created_us where email = ?", [email])
    page.goto(f"{url}/account/security")
    page.locator("#h-app ~ details summary").click()
    page.fill("#app-password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/app")
    take("account-app")
    secret = b32decode(page.locator(".once-code").inner_text().replace(" ", ""))
    page.fill("#code", code_at(secret, step_of(time.time_ns() // 1000)))
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/app/confirm")
    take("account-app-codes")
    page.context.clear_cookies()
    page.goto(f"{url}/sign-in")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in/second")
    take("sign-in-second")


def lease() -> bytes:
    """A PDF of three pages."""
    return typst.compile(
        b"= Lease\nThe rent is paid monthly. #pagebreak() Repairs. #pagebreak() Signatures.", format="pdf"
    )


def as_operator(page: Page, url: str, key: str, _language: str, take: Callable[[str], object]) -> None:
    """Sign in with the key."""
    page.goto(f"{url}/console/sign-in")
    take("console-sign-in")
    page.fill("#key", key)
    page.keyboard.press("Enter")
    page.wait_for_timeout(1_500)


if __name__ == "__main__":
    raise SystemExit(main())
