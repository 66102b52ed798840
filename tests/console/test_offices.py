"""The console's pages over operations, as browsers ask for them: every page, and each form right, wrong and twice."""

from __future__ import annotations

import re

import httpx2
import pytest
from tests.chat.visits import Browser
from tests.doors.server import Solvent

pytestmark = pytest.mark.xdist_group("console")


class Office(Browser):
    """An operator's browser."""

    def __init__(self, server: Solvent, key: str = "", language: str = "en") -> None:
        super().__init__(server, language)
        went = self.send("/console/sign-in", "/console/sign-in", key=key or server.operator_key)
        assert went.status_code == 303, went.text

    def do(self, path: str, do: str, *, once: str = "", **members: str) -> httpx2.Response:
        """Send a form of a page; once: its key, a new one of the page's own when left out."""
        page = self.get(path).text
        found = re.search(rf'name="do" value="{do}">\s*<input type="hidden" name="once" value="([0-9a-f]+)"', page)
        assert found, (path, do)
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
        assert token
        data = {"csrf": token[1], "do": do, "once": once or found[1], **members}
        return self.http.post(path, data=data)


def found_in(page: str, pattern: str) -> str:
    """The first group of a pattern that must be on a page."""
    found = re.search(pattern, page)
    assert found, pattern
    return found[1]


def test_a_customer_is_opened_found_given_money_and_closed(server: Solvent) -> None:
    office = Office(server)
    opened = office.do("/console/customers", "open", name="Hanbit & Co", plan="pay-as-you-go", once="open-1")
    assert opened.status_code == 200, opened.text
    assert "Copy this key now" in opened.text
    twice = office.do("/console/customers", "open", name="Hanbit & Co", plan="pay-as-you-go", once="open-1")
    assert "was shown already" in twice.text
    found = office.get("/console/customers?search=Hanbit").text
    assert found.count("Hanbit &amp; Co") == 1
    path = found_in(found, r'href="(/console/customers/cus_[^"]+)"')
    assert office.get(path).status_code == 200
    id = path.rpartition("/")[2]
    for _ in range(2):
        given = office.do(path, "grant", customer=id, amount="5000", why="a slow week", once="grant-1")
        assert given.headers["location"] == f"{path}?done=grant"
    page = office.get(f"{path}?done=grant").text
    assert "The money is theirs." in page
    assert "₩5,000 in the wallet" in page
    assert "a slow week" in page
    wrong = office.do(path, "grant", customer=id, amount="many")
    assert wrong.status_code == 400
    assert 'value="many"' in wrong.text
    assert "is not a plain decimal" in wrong.text
