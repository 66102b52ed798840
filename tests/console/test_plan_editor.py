"""The editor of plans, asked as browsers ask: what is written is told, held apart, refused by its field, published."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from tests.browsing import NewServer, OpenPage
from tests.console.plan_forms import form_on
from tests.console.test_offices import Office, found_in
from tests.console.visits import ask, demand_whole, key_of, sign_in
from tests.doors.server import Solvent

pytestmark = pytest.mark.xdist_group("console")
NEW = "/console/new-plan"


@pytest.fixture(scope="module")
def server(new_server: NewServer) -> Solvent:
    """With the plans that come with the package."""
    return new_server()


def told(office: Office, path: str, form: dict[str, str], **changed: str) -> dict[str, Any]:
    """What the script of the page would be told."""
    answer = office.http.post(f"{path}/preview", data=form | changed)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def send(office: Office, path: str, do: str, form: dict[str, str], **changed: str) -> Any:
    """The form with one of its buttons pressed."""
    return office.http.post(path, data=form | {"do": do} | changed)


def test_a_plan_is_previewed_changed_once_and_taken_off_sale(server: Solvent) -> None:
    office, path = Office(server), "/console/plans/pro"
    form = form_on(office.get(path).text)
    wrong = send(office, path, "preview", form, **{"included.0.amount": ""})
    assert wrong.status_code == 400
    assert "Included 1, How much: write a number above 0" in wrong.text
    assert "No term is another" in send(office, path, "preview", form).text
    other = send(office, path, "preview", form, price="39000")
    assert "This would be version 2." in other.text
    assert 'value="39000"' in other.text
    assert re.search(r"Price, VAT included</th><td[^>]*>₩29,000</td><td[^>]*>₩39,000<", other.text)
    for _ in range(2):
        went = send(office, path, "publish", form, price="39000")
        assert went.headers["location"] == f"{path}?done=publish"
    page = office.get(path).text
    assert "₩39,000 a month" in page
    assert "Version 2, published" in page
    assert office.do(path, "move", **{"from": "soon"}).status_code == 400
    assert office.do(path, "withdraw").status_code == 303
    assert "Off sale." in office.get(path).text
    assert server.operate("GET", "/v1/plans/pro")["data"][0]["version"] == 2


@pytest.mark.parametrize("name", ["a%41", "what?", "c#1", "기본&더", "a+b=100%"])
def test_a_plan_of_any_name_has_a_page_of_its_own_and_every_link_leads_to_it(server: Solvent, name: str) -> None:
    office, called = Office(server), f"Called {name}"
    titles = {"en": called, "ko": called}
    server.operate("POST", "/v1/plans", {"name": name, "price": "100", "title": titles})
    listed = html.unescape(office.get("/console/plans").text)
    path = found_in(listed, rf'href="([^"]+)">{re.escape(called)}<')
    page = html.unescape(office.get(path).text)
    assert f"<h1>{called}" in page
    form, action = form_on(page), found_in(page, r'data-preview="([^"]+)/preview"')
    assert told(office, action, form, price="200")["would"]
    went = send(office, action, "publish", form, price="200")
    assert went.headers["location"] == f"{path}?done=publish"
    assert "₩200 a month" in office.get(f"{path}?done=publish").text
    assert office.get(found_in(page, r'href="(/console/new-plan[^"]+)"')).status_code == 200
    assert server.run("plans", "show", name).returncode == 0
    assert office.do(path, "withdraw").status_code == 303


def test_terms_that_somebody_else_changed_meanwhile_are_not_written_over(server: Solvent) -> None:
    office, path = Office(server), "/console/plans/pay-as-you-go"
    form = form_on(office.get(path).text)
    terms = server.operate("GET", "/v1/plans/pay-as-you-go")["data"][0]["terms"]
    server.operate("POST", "/v1/plans", terms | {"fee_permille": 30})
    late = send(office, path, "publish", form, fixed_month="7")
    assert late.status_code == 409
    assert "changed meanwhile" in late.text
    assert send(office, path, "publish", form_on(late.text), fixed_month="7", once="a1").status_code == 409
    now = form_on(office.get(path).text)
    assert send(office, path, "publish", now, fixed_month="7").status_code == 303
    kept = server.operate("GET", "/v1/plans/pay-as-you-go")["data"][0]["terms"]
    assert (kept["fee_permille"], kept["fixed_month"]) == (30, "7")


@pytest.mark.parametrize(
    ("language", "would", "finding"),
    [("en", "This would be version", "is left"), ("ko", "판이 됩니다", "남습니다")],
)
def test_what_a_plan_would_come_to_is_told_while_it_is_written(
    server: Solvent, language: str, would: str, finding: str
) -> None:
    """The fees of those who are on it, and what their answers would have come to: replayed as they are billed."""
    made = server.operate("POST", "/v1/customers", {"name": "Previewed", "plan": "plus", "pays": "invoice"})
    for _ in range(3):
        ask(server, key=made["api_key"])
    office, path = Office(server, language=language), "/console/plans/plus"
    form = form_on(office.get(path).text) | {"beyond": "wallet"}
    one = {"included.0.unit": "answers", "included.0.amount": "1"}
    before, after = told(office, path, form), told(office, path, form, price="39600")
    assert told(office, path, form) == before, "what is kept of the answers for the hour tells the same"
    assert would in after["would"]
    assert finding in told(office, path, form, price="39600", **one)["finding"]
    assert before["month"]["then_margin"] != after["month"]["then_margin"]
    stopped = told(office, path, form, beyond="stop", **one)["month"]
    assert re.search("[24]", stopped["refused"]), "two of three of each who asked"
    assert stopped["then_cost"] != before["month"]["then_cost"], "what is refused costs nothing"
    wrong = told(office, path, form, tax_permille="many")["trouble"]
    assert (wrong["param"], bool(wrong["said"])) == ("tax_permille", True)
    assert server.operate("GET", "/v1/plans/plus")["data"][0]["terms"]["price"] == form["price"]
    assert office.http.post(f"{path}/preview", data=form | {"csrf": "0" * 64}).status_code == 403


def test_a_new_plan_is_copied_written_compared_and_published_once(server: Solvent) -> None:
    """Everything that its file can say, and held against the customers of the one it copies."""
    office = Office(server)
    assert NEW in office.get("/console/plans").text
    page = office.get(f"{NEW}?from=plus").text
    form = form_on(page)
    assert (form["name"], form["price"], form["beside"]) == ("", "9900", "plus")
    assert "write up to 120 characters without spaces" in told(office, NEW, form)["trouble"]["said"]
    written = form | {
        "name": "team", "title.ko": "팀", "title.en": "Team", "price": "49000", "trial.days": "14",
        "trial.included.0.unit": "answers",
        "trial.included.0.amount": "20", "seats.included": "5", "seats.price": "9000", "seats.most": "50",
        "packs.0.name": "extra", "packs.0.price": "5000", "packs.0.gives.unit": "answers", "packs.0.gives.amount": "9",
        "limits.rates.0.per": "key", "limits.rates.0.requests_per_minute": "60", "limits.budgets.0.unit": "money",
        "limits.budgets.0.amount": "9000.5", "limits.budgets.0.per": "user", "limits.budgets.0.every": "day",
        "limits.budgets.0.alert_permille": "80", "batch.permille": "50", "request_log.keep": "text",
        "request_log.days": "7", "request_log.redact.card": "true", "retry_days": "2, 4",
    }  # fmt: skip
    found = told(office, NEW, written)
    assert found["would"] == "This would be a new plan’s first version."
    changed = {one["label"]: one["after"] for one in found["changes"]}
    assert changed["Budget"] == "Each user: at most ₩9,000.5 a day, refused beyond it, alarm at 80.0%"
    assert changed["Pack"] == "Pack extra for ₩5,000: 9 answers, for 365 days"
    assert changed["Of the plain price"] == "50%"
    for _ in range(2):
        assert send(office, NEW, "publish", written).headers["location"] == "/console/plans/team?done=publish"
    plan = server.operate("GET", "/v1/plans/team")["data"]
    assert len(plan) == 1
    terms = plan[0]["terms"]
    assert terms["request_log"] == {"keep": "text", "redact": ["card"], "days": 7}
    assert terms["limits"]["budgets"][0]["money"] == "9000.5"
    assert (terms["batch"]["permille"], terms["retry_days"]) == (500, [2, 4])
    shown = office.get("/console/plans/team").text
    assert "No term is another" in send(office, "/console/plans/team", "preview", form_on(shown)).text
    again = form_on(office.get(NEW).text) | {"name": "team", "price": "1"}
    assert send(office, NEW, "publish", again).status_code == 409
    assert "a plan of this name already" in send(office, NEW, "publish", again, once="b1").text
    assert len(server.operate("GET", "/v1/plans/team")["data"]) == 1
    reader = Office(server, key_of(server, "support"))
    assert reader.get(NEW).status_code == 403
    assert NEW + '"' not in reader.get("/console/plans").text


@pytest.mark.parametrize(
    ("field", "text", "en", "ko"),
    [
        ("price", "9.900,5", "Price, VAT included: write", "값, 부가세 포함: 0부터"),
        ("included.0.roll_over", "x", "Included 1, Rolls over at most:", "포함 1: 다음 기간으로 넘기는 최대:"),
        ("packs.0.price", "5", "Pack 1, Of what:", "추가 상품 1: 무엇을:"),
        ("limits.rates.0.at_once", "5", "Rate 1, For each:", "속도 1: 누구마다:"),
        ("seats.included", "many", "Seats within the price:", "값에 든 자리:"),
        ("trial.included.0.classes", "none", "Included in the trial 1, Of what:", "체험에 포함 1: 무엇을:"),
        ("included.0.classes", "nowhere", "Included 1, Model classes:", "포함 1: 모델 등급:"),
        ("afterwards", "plus", "Plan after this one ends:", "끝난 뒤의 요금제:"),
        ("fee_permille", "3.45", "Payment fee:", "결제 수수료:"),
    ],
)
def test_a_refusal_names_its_field_in_both_languages(server: Solvent, field: str, text: str, en: str, ko: str) -> None:
    path = "/console/plans/plus"
    for language, said in (("en", en), ("ko", ko)):
        office = Office(server, language=language)
        form = form_on(office.get(path).text) | {"csrf": office.own_token(office.get(path).text), field: text}
        refused = send(office, path, "publish", form)
        assert refused.status_code == 400, refused.text
        assert said in found_in(refused.text, r'id="plan-trouble"><b>([^<]*)</b>')
        assert form_on(refused.text)[field] == text, "what was written is still there"
        assert 'aria-invalid="true"' in refused.text


def test_a_new_plan_is_written_on_a_phone_by_keyboard_alone(server: Solvent, open_page: OpenPage) -> None:
    """What is written wrong opens its group and is marked; a line more is a key away, and what changes is said."""
    page = sign_in(open_page, server, viewport={"width": 390, "height": 800}, locale="ko-KR").page
    page.goto(f"{server.url}{NEW}")
    page.locator("#plan-name").focus()
    page.keyboard.type("by-hand")
    page.locator('[data-rows="included"] [data-more]').focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "included.1.unit"
    page.locator('[name="included.1.unit"]').select_option("answers_unlimited")
    page.locator("#live b", has_text="첫 판").wait_for()
    page.locator("#changes", has_text="답변 무제한").wait_for()
    tax = page.locator("#plan-tax_permille")
    assert not tax.is_visible(), "its group is folded while it is as usual"
    tax.evaluate("field => { field.value = 'x'; field.dispatchEvent(new Event('input', { bubbles: true })); }")
    page.locator("#live b", has_text="부가세: 0부터 50까지").wait_for()
    tax.press("Enter")
    page.locator("#plan-trouble", has_text="부가세: 0부터 50까지").wait_for()
    assert tax.is_visible(), "its group stands open"
    demand_whole(page, "refused")
    tax.fill("10")
    page.locator('[name="at_a_loss"][type="checkbox"]').check()
    page.get_by_role("button", name="게시", exact=True).click()
    page.wait_for_url("**/console/plans/by-hand?done=publish")
    assert server.operate("GET", "/v1/plans/by-hand")["data"][0]["terms"]["included"][0]["answers"] == "unlimited"
