"""What is wrong with a form of the console is said in the visitor's words, whatever refused it."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta
from tests.browsing import NewServer
from tests.console.test_offices import RAIL, Office
from tests.doors.server import Solvent

import solvent
from solvent.console.carry_out import read_members
from solvent.console.wrong_fields import kind_of
from solvent.pages.words import words_of
from solvent.values.errors import Invalid

pytestmark = pytest.mark.xdist_group("console")
HERE = Path(solvent.__path__[0])
# Where what is raised comes to a page. No form can bring about webhooks, the API's own ways to ask, our own defects.
ROOMS = (
    "audit", "billing", "chat", "console", "identity", "invoicing", "ledger", "margin", "office", "pages", "payments",
    "pricing", "reconciling", "talking", "till", "values",
)  # fmt: skip
NEVER_OF_A_FORM = {
    "bad_webhook_signature", "customer_key_needed", "exceeds_hold", "hold_not_pending", "idempotency_key_needed",
    "lease_lost", "no_such_endpoint", "no_webhooks", "too_many_webhooks", "webhook_unreadable", "wrong_method",
}  # fmt: skip
_DOCUMENTED = re.compile(r"^\| `(\w+)` \| \w+ \| (\d+) \|", re.MULTILINE)


@pytest.fixture(scope="module")
def server(new_server: NewServer) -> Solvent:
    return new_server(tables=RAIL)


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """One field of each kind that forms have."""

    name: Annotated[str, Meta(min_length=1, max_length=5)]
    count: Annotated[int, Meta(ge=2, le=9)] = 2
    what: Literal["one", "other"] = "one"
    is_hard: bool = True
    many: Annotated[list[str], Meta(max_length=1)] = []


@pytest.mark.parametrize(
    ("members", "kind", "n"),
    [
        ({}, "missing", None),
        ({"name": ""}, "missing", None),
        ({"name": "longer"}, "long", "5"),
        ({"name": "x", "count": "many"}, "whole_number", None),
        ({"name": "x", "count": "1"}, "least", "2"),
        ({"name": "x", "count": "10"}, "most", "9"),
        ({"name": "x", "what": "none"}, "choice", None),
        ({"name": "x", "is_hard": "maybe"}, "choice", None),
        ({"name": "x", "many": ["a", "b"]}, "many", "1"),
        ({"name": "x", "else": "y"}, "unknown", None),
        ({"name": "\x00"}, "characters", None),
    ],
)
def test_what_a_body_refuses_is_told_apart(members: dict[str, Any], kind: str, n: str | None) -> None:
    with pytest.raises(Invalid) as refused:
        read_members(members, Body, "the form")
    assert refused.value.param == next(iter(reversed(members)), "name")
    found = kind_of(refused.value.message)
    assert found is not None, refused.value.message
    assert (found[0], found[1].get("n")) == (kind, n)


def test_what_an_operation_refuses_is_its_own_to_say() -> None:
    for message in ("code: 'x' is no code; write 3 to 40 letters", "amount: 'many' is not a plain decimal like 12.50"):
        assert kind_of(message) is None, message


def test_every_refusal_that_can_come_to_a_page_has_words() -> None:
    documented = dict(_DOCUMENTED.findall((HERE.parents[1] / "docs" / "errors.md").read_text(encoding="utf-8")))
    raised = {
        str(node.args[0].value)
        for room in ROOMS
        for file in (HERE / room).glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args
        and node.func.id in ("Invalid", "Refused", "NotFound", "Conflict", "Unavailable", "Unauthenticated")
        and isinstance(node.args[0], ast.Constant)
    }  # fmt: skip
    assert len(raised) > 150
    wordless = {code for code in raised & documented.keys() if not words_of("ko").has(f"problems.{code}")}
    assert wordless == NEVER_OF_A_FORM


@pytest.mark.parametrize(
    ("path", "do", "members", "korean", "english"),
    [
        ("/console/customers", "open", {"name": "", "plan": "plus"},
         "이름: 비어 있습니다. 꼭 적어 주세요.", "Name: This is empty."),
        ("/console/money/coupons", "add_coupon", {"code": "FIRST", "what": "percent", "permille": "ten"},
         "할인 천분율: 숫자만 적어 주세요.", "Write a whole number"),
        ("/console/money/coupons", "add_coupon", {"code": "FIRST", "what": "percent", "permille": "1001"},
         "할인 천분율: 1000보다 클 수 없습니다.", "This cannot be more than 1000."),
        ("/console/money/coupons", "add_coupon", {"code": "x", "what": "percent", "permille": "10"},
         "코드: 이렇게는 쿠폰을 만들 수 없습니다.", "A coupon cannot be made like this."),
        ("/console/money/suspense", "suspense", {"rail": "bank", "amount": "many"},
         "금액: 금액이 아닙니다.", "is not a plain decimal"),
        ("/console/operators", "invite", {"email": "yuna", "name": "Yuna", "role": "finance"},
         "이메일: 이메일 주소가 아닙니다.", "no e-mail address"),
    ],
)  # fmt: skip
def test_forms_say_it_in_korean_and_in_english(
    server: Solvent, path: str, do: str, members: dict[str, str], korean: str, english: str
) -> None:
    for language, said in (("ko", korean), ("en", english)):
        sent = Office(server, language=language).do(path, do, **members)
        assert sent.status_code == 400, sent.text
        told = re.findall(r'role="alert"[^>]*>(.*?)</div>', sent.text, re.DOTALL)
        assert len(told) == 1
        assert said in told[0]
        if language == "ko":
            foreign = re.sub(r'<div lang="en">.*|<[^>]*>|name@example.com', "", told[0], flags=re.DOTALL)
            assert not re.search("[A-Za-z]{3,}", foreign), foreign
