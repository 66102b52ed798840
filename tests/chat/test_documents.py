"""Documents that come with questions, as the page's scripts send them: read, asked with, kept, exported, and gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from tests import documents as made
from tests.chat.talking import Talker, begin, settings
from tests.doors.server import Solvent

from solvent.values.limits import DOCUMENT_BYTES_MAX, DOCUMENTS_MAX, QUESTION_CHARACTERS_MAX

pytestmark = pytest.mark.xdist_group("console")


@pytest.fixture(scope="module")
def talking(base_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Solvent]:
    """A server that a file's tests share."""
    server = Solvent(tmp_path_factory.mktemp("documents"), settings(base_url))
    yield begin(server)
    server.kill()


@pytest.fixture(scope="module")
def kim(talking: Solvent) -> Talker:
    return Talker(talking, "kim@example.com")


def sent(talker: Talker, data: bytes) -> httpx2.Response:
    headers = {"x-csrf": talker.csrf, "content-type": "application/octet-stream"}
    return talker.http.post("/chat/documents", content=data, headers=headers)


def file(text: str, name: str = "notes.pdf", **more: Any) -> dict[str, Any]:
    return {"name": name, "size": 1_200, "text": text, "pages": 2, "pages_read": 2, **more}


def test_a_document_is_read_with_what_it_adds_and_asked_with(kim: Talker) -> None:
    found = sent(kim, made.pdf(["Rain falls on Busan", "and on Seoul"])).json()
    assert (found["pages"], found["pages_read"], found["is_cut"]) == (2, 2, False)
    assert Decimal(found["adds"]["standard"]) > Decimal(found["adds"]["quick"]) > 0
    told = {name: found[name] for name in ("text", "pages", "pages_read", "is_cut")}
    talk, turn = kim.answered("Where does it rain?", documents=[{"name": "비.pdf", "size": 700, **told}])
    # The model of tests answers with what it read.
    assert turn["answer"] == "비.pdf\n```\nRain falls on Busan\nand on Seoul\n```\n\nWhere does it rain?"
    chip = {"name": "비.pdf", "size": 700, "pages": 2, "pages_read": 2, "is_cut": False}
    kept = kim.talk(talk["id"])["turns"][0]
    assert (kept["question"], kept["documents"]) == ("Where does it rain?", [chip])
    assert kim.get(f"/chat/turns/{turn['id']}/documents/0").text == "Rain falls on Busan\nand on Seoul"
    assert kim.get(f"/chat/turns/{turn['id']}/documents/1").status_code == 404
    # Asked again, or written anew, it is there still; a question goes on from it.
    _, again = kim.answered("Where?", conversation=talk["id"], instead_of=turn["id"])
    assert (again["documents"], "Rain falls" in again["answer"]) == ([chip], True)
    found = kim.get("/chat/talks?sought=Busan").json()["talks"]
    assert [each["id"] for each in found] == [talk["id"]]


def test_a_document_alone_is_a_question_that_is_called_as_it(kim: Talker) -> None:
    talk, turn = kim.answered("", documents=[file("Alone", "계약서.docx", pages=0, pages_read=0)])
    assert (talk["title"], turn["question"], turn["state"]) == ("계약서.docx", "", "answered")


def test_it_is_exported_shared_by_name_alone_and_deleted_with_its_conversation(talking: Solvent, kim: Talker) -> None:
    talk, turn = kim.answered("Read", documents=[file("Top secret ``` words")])
    markdown = kim.get(f"/chat/talks/{talk['id']}/export").text
    assert "notes.pdf\n````\nTop secret ``` words\n````" in markdown
    told = kim.get(f"/chat/talks/{talk['id']}/export?as=json").json()["turns"][0]["documents"][0]
    assert (told["name"], told["text"], told["pages"]) == ("notes.pdf", "Top secret ``` words", 2)
    whole = kim.get("/account/export").text
    assert "Top secret ``` words" in json.dumps(json.loads(whole))
    link = kim.post(f"/chat/talks/{talk['id']}", {"is_shared": True}).json()["link"]
    page = Talker(talking, "reader@example.com").get(link).text
    assert "notes.pdf" in page
    thief = Talker(talking, "thief@example.com")
    assert thief.get(f"/chat/turns/{turn['id']}/documents/0").status_code == 404
    kim.post(f"/chat/talks/{talk['id']}", {"is_deleted": True})
    assert kim.get(f"/chat/turns/{turn['id']}/documents/0").status_code == 404


def test_what_cannot_be_read_is_said_in_ones_own_language_and_costs_nothing(talking: Solvent) -> None:
    lee = Talker(talking, "lee@example.com", "ko")
    before = lee.get("/").text.count('"left"')
    for data, code in (
        (made.locked(made.pdf(["x"]), "secret"), "document_locked"), (made.pdf([""]), "document_without_text"),
        (b"%PDF-1.4 nothing", "document_broken"), (b"\xff\x00\xfe", "document_unknown"),
        (b"x" * (DOCUMENT_BYTES_MAX + 1), "body_too_large"),
    ):  # fmt: skip
        refused = sent(lee, data)
        told = refused.json()["error"]
        assert (400 <= refused.status_code < 500, told["code"]) == (True, code)
        assert any("가" <= letter <= "힣" for letter in told["message"]), code
    assert lee.get("/").text.count('"left"') == before
    assert "/usage/" not in lee.get("/usage").text, "nothing was asked"
    assert lee.http.post("/chat/documents", content=b"x").status_code == 403, "another site's form"
    assert Talker(talking, "x@example.com").http.get("/chat/documents").status_code == 404


def test_documents_that_are_none_or_too_much_are_refused(kim: Talker) -> None:
    for documents, code in (
        ([file("x")] * (DOCUMENTS_MAX + 1), "too_many_documents"),
        ([file("x" * QUESTION_CHARACTERS_MAX)], "question_too_long"),
        ([file(" ")], "bad_document"), ([file("a\x00b")], "bad_document"), ([file("x", "")], "bad_document"),
        ([file("x", "a\nb")], "bad_document"), ([file("x", pages=-1)], "bad_document"),
        ([file("x", "n" * 201)], "bad_document"), ([file("x", size=10**30)], "bad_member"),
    ):  # fmt: skip
        refused = kim.post("/chat/ask", {"question": "x", "documents": documents})
        assert refused.status_code == 400
        assert refused.json()["error"]["code"] == code or code == "bad_member", refused.text
