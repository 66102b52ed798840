"""Asking and keeping conversations, as the page's scripts do it; and what somebody who means harm would try."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from tests.chat.talking import PNG, Talker, begin, events, settings
from tests.chat.visits import Browser
from tests.doors.server import Solvent

pytestmark = pytest.mark.xdist_group("console")

EVIL = "</script><img src=x onerror=alert(1)>'\"{{7*7}}"


@pytest.fixture(scope="module")
def talking(base_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Solvent]:
    """A server that a file's tests share."""
    server = Solvent(tmp_path_factory.mktemp("talk"), settings(base_url))
    yield begin(server)
    server.kill()


@pytest.fixture(scope="module")
def kim(talking: Solvent) -> Talker:
    return Talker(talking, "kim@example.com")


def test_an_answer_comes_in_pieces_and_ends_with_its_receipt(talking: Solvent, kim: Talker) -> None:
    begun, *pieces, ended = kim.ask("Tell me trickle 1 please", mode="quick")
    assert begun[0] == "begun"
    assert [turn["state"] for turn in begun[1]["turns"]] == ["asked"]
    assert len(pieces) > 2
    assert "".join(text for name, text in pieces if name == "text") == "Tell me trickle 1 please"
    turn = ended[1]["turn"]
    assert (turn["state"], turn["answer"], turn["fault"]) == ("answered", "Tell me trickle 1 please", None)
    receipt, booked = turn["receipt"], talking.operate("GET", f"/v1/answers/{turn['receipt']['id']}")
    assert receipt["mode"] == "Quick"
    assert Decimal(receipt["charge"]) == Decimal(booked["charge"]) + Decimal(booked["included"]) > 0
    assert receipt["due"] == "0"
    assert sum(Decimal(line["amount"]) for line in receipt["lines"]) == Decimal(receipt["charge"])
    assert booked["model"] == "small"
    assert booked["key"].startswith("psn_")
    assert not {"cost", "provider", "margin", "upstream"} & receipt.keys()
    assert ended[1]["remains"]["unit"] == "worth"
    kept = kim.talk(begun[1]["id"])
    assert [each["answer"] for each in kept["turns"]] == ["Tell me trickle 1 please"]
    assert kept["turns"][0]["receipt"]["charge"] == receipt["charge"]


def test_a_model_reads_what_came_before_on_the_branch_and_branches_stand_beside_each_other(kim: Talker) -> None:
    talk, one = kim.answered("One")
    id = talk["id"]
    _, two = kim.answered("Two", conversation=id, after=one["id"])
    again, other = kim.answered("", conversation=id, instead_of=two["id"])
    assert (other["question"], other["parent"]) == ("Two", one["id"])
    assert again["turns"][1]["ways"] == [two["id"], other["id"]]
    _, edited = kim.answered("Three", conversation=id, instead_of=one["id"])
    assert [turn["id"] for turn in kim.talk(id)["turns"]] == [edited["id"]]
    shown = kim.post(f"/chat/talks/{id}", {"shown": one["id"]}).json()
    assert [turn["id"] for turn in shown["turns"]] == [one["id"], other["id"]]


def test_whoever_leaves_finds_what_was_told_until_then_and_pays_for_that_alone(
    talking: Solvent, kim: Talker
) -> None:  # fmt: skip
    headers, body = {"x-csrf": kim.csrf}, {"question": "trickle 20 " + "word " * 80}
    text = ""
    with kim.http.stream("POST", "/chat/ask", json=body, headers=headers) as response:
        for piece in response.iter_text():
            text += piece
            if text.count("event: text") > 2:
                break
    turn = next(events(text))[1]["turns"][0]
    kept = wait(kim, turn["id"])
    assert kept["state"] == "stopped"
    assert kept["answer"].startswith("trickle 20 word")
    assert len(kept["answer"]) < 400
    assert talking.operate("GET", f"/v1/answers/{kept['receipt']['id']}")["outcome"] == "abandoned"


def wait(kim: Talker, turn: str) -> dict[str, Any]:
    latest = time.monotonic() + 10
    while True:
        kept: dict[str, Any] = kim.get(f"/chat/turns/{turn}").json()
        if kept["state"] != "asked" and kept["receipt"] is not None:
            return kept
        assert time.monotonic() < latest, kept
        time.sleep(0.05)


def test_what_fails_is_said_in_ones_own_language_is_free_and_loses_nothing(talking: Solvent) -> None:
    lee = Talker(talking, "lee@example.com", "ko")
    talk, turn = lee.answered("this fails")
    assert (turn["state"], turn["question"], turn["receipt"]["outcome"]) == ("failed", "this fails", "failed")
    assert turn["receipt"]["charge"] == "0"
    assert turn["fault"]["todo"] == "again"
    assert any("가" <= letter <= "힣" for letter in turn["fault"]["said"])
    for _ in range(8):  # until the free plan is used up
        _, turn = lee.answered("used 10 0 2000 0 of tokens", mode="standard")
        if turn["fault"] is not None:
            break
    assert (turn["state"], turn["fault"]["todo"], turn["question"]) == ("failed", "pay", "used 10 0 2000 0 of tokens")
    assert turn["receipt"] is None
    assert len(lee.talk(talk["id"])["turns"]) == 1


def test_what_is_anothers_is_not_there_on_any_path(talking: Solvent, kim: Talker) -> None:
    talk, turn = kim.answered("Secret", mode="standard", pictures=[PNG])
    id = talk["id"]
    thief = Talker(talking, "thief@example.com")
    for path in (
        f"/talks/{id}", f"/chat/talks/{id}", f"/chat/talks/{id}/export", f"/chat/talks/{id}/export?as=json",
        f"/chat/turns/{turn['id']}", f"/chat/turns/{turn['id']}/pictures/0", f"/shared/{id}", "/shared/None",
    ):  # fmt: skip
        assert thief.get(path).status_code == 404, path
    for change in ({"title": "x"}, {"shown": turn["id"]}, {"is_shared": True}, {"is_deleted": True}, {}):
        assert thief.post(f"/chat/talks/{id}", change).status_code == 404
    mine = thief.answered("Mine")[0]["id"]
    for more in (
        {"conversation": id}, {"conversation": mine, "after": turn["id"]},
        {"conversation": mine, "instead_of": turn["id"]}, {"instead_of": turn["id"]},
    ):  # fmt: skip
        assert thief.post("/chat/ask", {"question": "x", **more}).status_code == 404, more
    assert "Secret" not in thief.get("/chat/talks?sought=Secret").text
    assert kim.get(f"/chat/turns/{turn['id']}/pictures/0").headers["content-type"] == "image/png"
    assert kim.talk(id)["title"] == "Secret"


def test_nothing_changes_without_the_pages_own_token_and_strangers_are_sent_to_sign_in(
    talking: Solvent, kim: Talker
) -> None:  # fmt: skip
    id = kim.answered("Mine")[0]["id"]
    for path, body in (("/chat/ask", {"question": "x"}), (f"/chat/talks/{id}", {"title": "x"})):
        assert kim.http.post(path, json=body).status_code == 403
        assert kim.http.post(path, json=body, headers={"x-csrf": "0" * 32}).status_code == 403
        foreign = {"x-csrf": kim.csrf, "origin": "https://evil.example"}
        assert kim.http.post(path, json=body, headers=foreign).status_code == 403
        assert Browser(talking).http.post(path, json=body, headers={"x-csrf": kim.csrf}).status_code == 401
    assert kim.talk(id)["title"] == "Mine"
    stranger = Browser(talking)
    assert stranger.get(f"/talks/{id}").headers["location"].startswith("/sign-in?next=")
    assert stranger.get("/chat/talks", headers={"accept": "application/json"}).status_code == 401


def test_words_never_become_markup(talking: Solvent, kim: Talker) -> None:
    talk, _ = kim.answered(EVIL)
    id = talk["id"]
    kim.post(f"/chat/talks/{id}", {"title": EVIL})
    link = kim.post(f"/chat/talks/{id}", {"is_shared": True}).json()["link"]
    for path in (f"/talks/{id}", "/", link):
        page = kim.get(path)
        assert page.status_code == 200
        assert "<img src=x" not in page.text
        assert "alert(1)>" not in page.text
        assert "49" not in page.text.partition("onerror")[2][:60]
        assert "script-src" not in page.headers["content-security-policy"]  # its default holds: no script in a page
    for path in (f"/chat/talks/{id}", f"/chat/talks?sought={'%3Cimg'}", f"/chat/talks/{id}/export?as=json"):
        assert kim.get(path).headers["content-type"] == "application/json"
    exported = kim.get(f"/chat/talks/{id}/export")
    assert exported.headers["content-disposition"].startswith("attachment")
    assert exported.headers["x-content-type-options"] == "nosniff"
    found = kim.get("/chat/talks?sought=<script>alert(1)</script>")
    assert (found.json()["talks"], found.headers["content-type"]) == ([], "application/json")


def test_what_is_shared_shows_words_and_pictures_until_that_is_ended(talking: Solvent, kim: Talker) -> None:
    talk, turn = kim.answered("Shared words", mode="standard", pictures=[PNG])
    id = talk["id"]
    link = kim.post(f"/chat/talks/{id}", {"is_shared": True}).json()["link"]
    kim.answered("Private words", conversation=id, after=turn["id"], mode="standard", pictures=[PNG])
    stranger = Browser(talking)
    page = stranger.get(link)
    assert page.status_code == 200
    assert "Shared words" in page.text
    for hidden in ("Private words", turn["receipt"]["id"], turn["receipt"]["charge"], "kim@example.com"):
        assert hidden not in page.text
    picture = stranger.get(f"{link}/pictures/0/0")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    assert picture.headers["cache-control"] == "no-store"
    assert picture.content == kim.get(f"/chat/turns/{turn['id']}/pictures/0").content
    for other in ("1/0", "0/1", "-1/0", "0/-1", "x/0", f"{turn['id']}/0", "00000/0", "\u0660/0"):
        assert stranger.get(f"{link}/pictures/{other}").status_code == 404, other
    for wrong in ("None", id, link.split("/")[-1][:-1]):
        assert stranger.get(f"/shared/{wrong}/pictures/0/0").status_code == 404
    assert stranger.get(f"/chat/turns/{turn['id']}/pictures/0").status_code == 303, "the owner's way is the owner's"
    assert kim.post(f"/chat/talks/{id}", {"is_shared": False}).json()["link"] is None
    assert stranger.get(link).status_code == 404
    assert stranger.get(f"{link}/pictures/0/0").status_code == 404
    assert kim.post(f"/chat/talks/{id}", {"is_shared": True}).json()["link"] != link


def test_a_conversation_is_renamed_found_taken_along_deleted_and_had_back(kim: Talker) -> None:
    talk, _ = kim.answered("An unusual zebra")
    id = talk["id"]
    assert kim.post(f"/chat/talks/{id}", {"title": "  Striped  horses "}).json()["title"] == "Striped horses"
    for sought in ("striped", "ZEBRA"):
        assert [each["id"] for each in kim.get(f"/chat/talks?sought={sought}").json()["talks"]] == [id]
    assert "# Striped horses\n\n## You asked\n\nAn unusual zebra" in kim.get(f"/chat/talks/{id}/export").text
    assert json.loads(kim.get(f"/chat/talks/{id}/export?as=json").text)["turns"][0]["answer"] == "An unusual zebra"
    assert kim.post(f"/chat/talks/{id}", {"is_deleted": True}).status_code == 200
    assert kim.get(f"/chat/talks/{id}").status_code == 404
    assert kim.get("/chat/talks?sought=zebra").json()["talks"] == []
    assert kim.post(f"/chat/talks/{id}", {"is_deleted": False}).json()["turns"][0]["question"] == "An unusual zebra"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"question": " "}, "question_empty"),
        ({"question": "x" * 100_001}, "question_too_long"),
        ({"question": "x", "mode": "godlike"}, "no_such_mode"),
        ({"question": "x", "mode": "quick", "pictures": [PNG]}, "pictures_not_seen"),
        ({"question": "x", "mode": "standard", "pictures": ["data:image/svg+xml;base64,PHN2Zy8+"]}, "bad_picture"),
        ({"question": "x", "mode": "standard", "pictures": ["https://evil.example/x.png"]}, "bad_picture"),
        ({"question": "x", "mode": "standard", "pictures": [PNG] * 5}, "too_many_pictures"),
        ({"question": 1}, "bad_request"),
        ({"question": "x", "caller": "cus_x"}, "bad_request"),
    ],
)
def test_what_cannot_be_asked_is_said_before_anything_is_kept(kim: Talker, body: dict[str, Any], code: str) -> None:
    before = kim.get("/chat/talks").json()
    refused = kim.post("/chat/ask", body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, code)
    assert kim.get("/chat/talks").json() == before


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/chat/talks?before=x", 400), (f"/chat/talks?sought={'x' * 300}", 400), ("/chat/talks?sought=%00", 400),
        ("/chat/talks/%00", 404), ("/chat/turns/con_x", 404), ("/chat/turns/x/pictures/-1", 404), ("/shared/", 404),
    ],
)  # fmt: skip
def test_odd_addresses_lead_nowhere(kim: Talker, path: str, status: int) -> None:
    assert kim.get(path, headers={"accept": "application/json"}).status_code == status


def test_the_chat_can_be_installed(talking: Solvent) -> None:
    stranger = Browser(talking, "ko")
    manifest = stranger.get("/app.webmanifest")
    assert manifest.headers["content-type"] == "application/manifest+json"
    assert manifest.json()["lang"] == "ko"
    for icon in manifest.json()["icons"]:
        assert stranger.get(icon["src"]).content.startswith(b"\x89PNG")
