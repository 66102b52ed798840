"""Charts draw what the data says, receipts add up in view, and nothing on the page keeps anyone out."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.axe import violations
from tests.web.conftest import complaints

DAY = {
    "kind": "day", "label": "Revenue and cost so far.", "currency": "KRW", "now": 14.5,
    "points": [{"at": h / 2, "revenue": str(h * 4500), "cost": str(h * h * 84)} for h in range(30)],
    "expected": {"revenue": "214000", "cost_low": "104200", "cost_high": "121800"},
}  # fmt: skip
SHORE = {
    "kind": "shore", "label": "Results of customers.", "currency": "KRW",
    "bars": [{"name": f"customer {n}", "margin": str((n - 12) * 1500)} for n in range(60)],
}  # fmt: skip
RECEIPT = {
    "id": "ans_1", "currency": "KRW", "charge": "11.03", "outcome": "answered", "left": 288, "mode": "Careful",
    "reason": "it compares numbers", "why": "Quick would have cost about ₩1.", "model": "Onnuri 70B",
    "total_ms": 6800, "first_token_ms": 700, "energy_watt_hours": "0.42", "energy_estimated": True,
    "lines": [
        {"name": "Read, new", "quantity": 1842, "rate": "0.90", "per": 1000, "amount": "1.66"},
        {"name": "Read again, cached", "quantity": 6210, "rate": "0.09", "per": 1000, "amount": "0.56"},
        {"name": "Written answer", "quantity": 1957, "rate": "4.50", "per": 1000, "amount": "8.81"},
    ],
    "net": "10.03", "tax": "1.00", "tax_percent": "10", "due": "11.03", "paid_by": ["wallet"],
    "plan": {"name": "Basic", "price": "9900", "included": 300, "nth": 12,
             "resets_at": "2026-11-30T15:00:00Z", "zone": "Asia/Seoul"},
}  # fmt: skip
MARKDOWN = (
    "### One\n\ntext `code` [a](https://a.example)\n\n|a|b|\n|-|-:|\n|1|2|\n\n```python\nprint(1)  # one\n```\n\n$x^2$"
)
DRAW = """(all) => { const place = document.getElementById('charts'); place.replaceChildren(); for (const data of all) {
  const figure = document.createElement('figure'); figure.className = 'chart'; figure.id = data.kind;
  place.append(figure); solvent.drawChart(figure, data); } }"""


def draw(page: Page, *charts: dict[str, Any]) -> None:
    page.evaluate(DRAW, list(charts))


def boxes(page: Page, where: str) -> list[dict[str, float]]:
    found: list[dict[str, float]] = page.evaluate(
        "(where) => [...document.querySelectorAll(where)].map((node) => node.getBBox())"
        ".map(({x, y, width, height}) => ({x, y, width, height}))",
        where,
    )
    return found


def test_loss_stands_below_the_zero_line_and_profit_above(page: Page) -> None:
    draw(page, SHORE)
    (zero,) = boxes(page, "#shore line.zero")
    losses, gains = boxes(page, "#shore .bar.fill-loss"), boxes(page, "#shore .bar.fill-1")
    assert (len(losses), len(gains)) == (12, 48)
    assert all(bar["y"] >= zero["y"] - 0.2 for bar in losses)
    assert all(bar["y"] + bar["height"] <= zero["y"] + 0.6 for bar in gains)
    assert losses[0]["height"] > losses[-1]["height"], "the biggest loss comes first"
    assert (page.locator("#shore text.loss").text_content() or "").startswith("12 at a loss, ")
    low = max(bar["y"] + bar["height"] for bar in losses)
    words = boxes(page, "#shore text.loss, #shore text.key")
    assert all(each["y"] >= low for each in words), "no word stands on a bar"


def test_every_kind_says_a_sentence_and_shows_a_table(page: Page) -> None:
    draw(page, DAY, SHORE)
    for data in (DAY, SHORE):
        assert page.locator(f"#{data['kind']} svg[role=img]").get_attribute("aria-label") == data["label"]
        assert page.locator(f"#{data['kind']} table").count() == 1
    assert page.locator("#day .fill-band").count() == 1
    page.locator("#day summary").click()
    expect(page.locator("#day tbody tr").last).to_contain_text("14:30")


def test_a_receipt_adds_up_in_view_and_speaks_of_no_cost(page: Page) -> None:
    page.evaluate(
        "(r) => document.getElementById('receipt').replaceChildren(solvent.receiptNode(r, {isOpen: true}))", RECEIPT
    )
    amounts = [text.replace("₩", "") for text in page.locator("#receipt td:last-child").all_inner_texts()]
    assert amounts == ["1.66", "0.56", "8.81", "11.03", "11.03", "1.00", "10.03"]
    assert (
        page.locator("#receipt .facts-line").inner_text().replace("\n", " · ")
        == "This answer · ₩11.0 · 288 left · Careful, it compares numbers · 6.8 s · 0.42 Wh"
    )
    assert (
        page.locator(".quota .used").count(),
        page.locator(".quota .this").count(),
        page.locator(".quota .left").count(),
    ) == (11, 1, 288)
    assert page.locator("#receipt .loss").count() == 0
    assert "Back to 300 on 1 December." in page.inner_text("#receipt .quota")


def test_the_page_asks_with_its_token_and_tells_what_was_refused(page: Page) -> None:
    assert page.evaluate("solvent.ask('/echo', {a: 1})") == {"said": {"a": 1}}
    refused = page.evaluate(
        """async () => { document.querySelector('meta[name=csrf]').content = 'other';
        try { await solvent.ask('/echo', {}); } catch (error) { return [error.status, error.code, error.message]; }
        finally { document.querySelector('meta[name=csrf]').content = 'token-1'; } }"""
    )
    assert refused == [403, "forged", "no token"]
    page.evaluate("solvent.tell('Saved')")
    expect(page.locator(".toasts p")).to_have_text("Saved")


def test_menu_and_drawer_work_by_keyboard_and_the_theme_changes_every_colour(page: Page) -> None:
    page.locator("details.menu summary").press("Enter")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(20, 21, 23)"
    assert page.locator("details.menu[open]").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("details.menu[open]").count() == 0
    page.locator("#burger").press("Enter")
    assert page.evaluate("[document.getElementById('main').inert, document.activeElement.textContent]") == [
        True,
        "One talk",
    ]
    page.keyboard.press("Escape")
    assert page.evaluate("[document.getElementById('main').inert, document.activeElement.id]") == [False, "burger"]
    page.evaluate("document.documentElement.dataset.theme = 'light'")


@pytest.mark.parametrize("width", [1200, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, theme: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
    draw(page, DAY, SHORE)
    page.evaluate(
        "(r) => document.getElementById('receipt').replaceChildren(solvent.receiptNode(r, {isOpen: true}))", RECEIPT
    )
    page.evaluate("(text) => solvent.writeMarkdown(document.getElementById('prose'), text)", MARKDOWN)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints(page) == []
