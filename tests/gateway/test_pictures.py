"""Pictures in a question are counted and looked at before anything is held, on each surface alike."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.metering.drawn import base64_of, data_url, gif, jpeg, png

from solvent.answering.question import NO_PICTURES, Pictures
from solvent.gateway.asking import TEMPLATE_TOKENS, read_question
from solvent.gateway.asking_messages import read_messages
from solvent.gateway.asking_responses import question_of, read_responses
from solvent.gateway.pictures import pictures_at
from solvent.values.errors import Invalid
from solvent.values.ids import AnswerId
from solvent.values.limits import PICTURE_SIDE_PIXELS_MAX, PICTURES_SEEN_MAX

ID = AnswerId("ans_1")
PICTURE = png(640, 480) + bytes(900)
ADDRESS = "https://example.com/a.png"


def chat(*urls: str) -> dict[str, Any]:
    parts = [{"type": "image_url", "image_url": {"url": url, "detail": "low"}} for url in urls]
    return {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "?"}, *parts]}]}


def test_a_picture_is_counted_and_its_base64_is_not_read_as_text() -> None:
    body = json.dumps(chat(data_url(PICTURE), data_url(PICTURE))).encode()
    question, _ = read_question(body, ID, 0)
    characters = 2 * len(base64_of(PICTURE))
    assert question.pictures == Pictures(2, characters, has_addresses=False)
    assert question.input_tokens_most == len(body) - characters + TEMPLATE_TOKENS


def test_a_picture_in_the_result_of_a_tool_is_counted_too() -> None:
    source = {"type": "base64", "media_type": "image/png", "data": base64_of(PICTURE)}
    seen: dict[str, Any] = {"type": "image", "source": source}
    there = {"type": "image", "source": {"type": "url", "url": ADDRESS}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": [seen, {"type": "text", "text": "so"}]}
    body = json.dumps({"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": [seen, result, there]}]})
    question = read_messages(body.encode(), ID, 0)
    assert question.pictures == Pictures(3, 2 * len(base64_of(PICTURE)), has_addresses=True)


def test_pictures_of_the_conversation_before_are_seen_again() -> None:
    said = {"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": data_url(PICTURE)}]}
    body = json.dumps({"model": "m", "input": [said]}).encode()
    asked, _ = read_responses(body)
    before = [json.dumps([said])]
    question = question_of(asked, len(body), before, ID, 0)
    assert question.pictures == Pictures(2, 2 * len(base64_of(PICTURE)), has_addresses=False)
    read = len(body) + len(before[0]) - question.pictures.characters
    assert question.input_tokens_most == read + TEMPLATE_TOKENS


def test_a_question_without_pictures_has_none() -> None:
    question, _ = read_question(json.dumps(chat()).encode(), ID, 0)
    assert question.pictures is NO_PICTURES


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "http://example.com/a.png", "file:///etc/passwd", "data:", "data:image/png,abc",
        "data:image/png;base64,", "data:image/png;base64,!!!!", "data:image/svg+xml;base64,AAAA",
        "data:application/pdf;base64,AAAA", data_url(png(9, 9), "jpeg"), data_url(b"%PDF-1.7"),
        data_url(png(PICTURE_SIDE_PIXELS_MAX + 1, 9)), data_url(gif(9, PICTURE_SIDE_PIXELS_MAX + 1), "gif"),
    ],
)  # fmt: skip
def test_what_is_no_picture_or_too_large_a_one_is_refused(url: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_question(json.dumps(chat(url)).encode(), ID, 0)
    assert (caught.value.code, caught.value.param) == ("bad_picture", "messages")


@pytest.mark.parametrize("source", [None, {"type": "file", "file_id": "f"}, {"type": "base64"}, {"type": "url"}])
def test_a_source_that_is_none_is_refused(source: Any) -> None:
    blocks = [{"type": "image", "source": source}]
    body = json.dumps({"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": blocks}]}).encode()
    with pytest.raises(Invalid) as caught:
        read_messages(body, ID, 0)
    assert caught.value.code == "bad_picture"


def test_too_many_pictures_are_refused() -> None:
    assert pictures_at([ADDRESS] * PICTURES_SEEN_MAX, "input").count == PICTURES_SEEN_MAX
    with pytest.raises(Invalid, match="PICTURES_SEEN_MAX"):
        pictures_at([ADDRESS] * (PICTURES_SEEN_MAX + 1), "input")


def test_jpegs_go_by_both_their_names() -> None:
    assert pictures_at([data_url(jpeg(9, 9), "jpeg"), data_url(jpeg(9, 9), "jpg")], "input").count == 2
