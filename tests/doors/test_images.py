"""Pictures by OpenAI's own package: paid by the picture or by the tokens it is drawn in, refused where unpriced."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from openai import BadRequestError, Omit, OpenAI, OpenAIError, omit
from tests.doors.server import Solvent
from tests.doors.upstream import Upstream

pytestmark = pytest.mark.xdist_group("images")

DRAWN = {
    "input_tokens": 20, "output_tokens": 1056, "total_tokens": 1076,
    "input_tokens_details": {"text_tokens": 20, "image_tokens": 0},
}  # fmt: skip


@pytest.fixture(scope="module")
def client(solvent: Solvent) -> Iterator[OpenAI]:
    with OpenAI(api_key=solvent.key, base_url=f"{solvent.url}/v1", max_retries=0) as made:
        yield made


def test_each_picture_is_paid_for_by_its_size_and_quality(solvent: Solvent, upstream: Upstream, client: OpenAI) -> None:
    raw = client.images.with_raw_response.generate(
        model="painter", prompt="a cat", n=2, size="1024x1024", quality="hd", style="vivid", user="kim"
    )
    made = raw.parse()
    assert made.data is not None
    assert [picture.b64_json for picture in made.data] == ["cGljdHVyZQ=="] * 2
    assert raw.headers["x-solvent-charge"] == "0.16"
    heard = [one for one in upstream.heard if one.path.endswith("/images/generations")][-1]
    assert heard.body == {
        "model": "scripted-upstream", "prompt": "a cat", "n": 2, "size": "1024x1024", "quality": "hd",
        "style": "vivid", "user": "kim",
    }  # fmt: skip
    receipt = solvent.receipt(raw.headers["x-request-id"])
    assert (receipt["charge"], receipt["cost"], receipt["alarms"]) == ("0.16", "0.08", [])
    assert (receipt["usage"]["pictures_made"], receipt["usage"]["estimated"]) == (2, False)
    assert receipt["price_card"] == "doors-painting@2026-01-01+1024x1024/hd"
    assert receipt["cost_card"] == "doors-painting-cost@2026-01-01+1024x1024/hd"


@pytest.mark.parametrize(("size", "charge"), [(omit, "0.04"), ("512x512", "0.02")])
def test_what_is_not_said_has_the_plain_price(
    solvent: Solvent, client: OpenAI, size: str | Omit, charge: str
) -> None:  # fmt: skip
    raw = client.images.with_raw_response.generate(model="painter", prompt="a cat", size=size)
    assert solvent.receipt(raw.headers["x-request-id"])["charge"] == charge


def test_pictures_that_did_not_come_are_not_charged(solvent: Solvent, client: OpenAI) -> None:
    user = json.dumps({"pictures": 1})
    raw = client.images.with_raw_response.generate(model="painter", prompt="a cat", n=3, user=user)
    receipt = solvent.receipt(raw.headers["x-request-id"])
    assert (receipt["charge"], receipt["usage"]["pictures_made"]) == ("0.04", 1)


def test_a_picture_is_paid_by_the_tokens_it_was_drawn_in(solvent: Solvent, client: OpenAI) -> None:
    user = json.dumps({"usage": DRAWN})
    raw = client.images.with_raw_response.generate(model="drawer", prompt="a cat", size="1024x1024", user=user)
    usage = raw.parse().usage
    assert usage is not None
    assert usage.output_tokens == 1056
    receipt = solvent.receipt(raw.headers["x-request-id"])
    assert receipt["charge"] == "0.04234"  # 20 * 5 and 1,056 * 40 dollars a million
    assert (receipt["usage"]["pictures_made"], receipt["alarms"]) == (1, [])


def test_the_hold_is_for_all_that_it_can_come_to(solvent: Solvent) -> None:
    """Two pictures of up to 5,000 tokens each are 40 cents, and four of 8 cents 32."""
    _, key = solvent.customer(grant="0.31")
    hd = {"model": "painter", "prompt": "a cat", "n": 4, "size": "1024x1024", "quality": "hd"}
    for body in ({"model": "drawer", "prompt": "a cat", "n": 2}, hd):
        told = solvent.send("POST", "/v1/images/generations", body, key=key)
        assert (told.status, told.error["code"]) == (402, "request_exceeds_balance")
    assert solvent.send("POST", "/v1/images/generations", hd | {"n": 3}, key=key).status == 200


@pytest.mark.parametrize(
    ("more", "code", "param"),
    [
        ({"prompt": ""}, "bad_request", "prompt"),
        ({"prompt": None}, "bad_request", "prompt"),
        ({"n": 0}, "bad_request", "n"),
        ({"n": 11}, "bad_request", "n"),
        ({"n": "2"}, "bad_request", "n"),
        ({"stream": True}, "not_served", "stream"),
        ({"partial_images": 2}, "unpriced_feature", "partial_images"),
        ({"tools": []}, "unpriced_feature", "tools"),
        ({"size": "2048x2048"}, "unpriced_feature", "size"),
        ({"size": "256x256"}, "unpriced_feature", "size"),  # sold, and its cost is not known
        ({"quality": "hd"}, "unpriced_feature", "size"),
        ({"size": "x" * 500}, "unpriced_feature", "size"),
        ({"model": "scripted"}, "wrong_surface", "model"),
        ({"model": "gone"}, "model_not_found", "model"),
    ],
)
def test_what_cannot_be_painted_is_told_by_its_name(
    solvent: Solvent, more: dict[str, object], code: str, param: str
) -> None:
    before = solvent.wallet()["balance"]
    told = solvent.send("POST", "/v1/images/generations", {"model": "painter", "prompt": "a cat"} | more)
    assert (told.status, told.error["code"], told.error["param"]) == (400, code, param)
    assert solvent.wallet()["balance"] == before


@pytest.mark.parametrize(
    "script", [{"status": 500, "body": "{}"}, {"body": "{]"}, {"body": '{"data":[]}'}, {"body": '{"data":5}'}]
)
def test_an_upstream_that_fails_charges_nothing(solvent: Solvent, client: OpenAI, script: dict[str, object]) -> None:
    before = solvent.wallet()["balance"]
    with pytest.raises(OpenAIError):
        client.images.generate(model="painter", prompt="a cat", user=json.dumps(script))
    assert solvent.wallet()["balance"] == before


def test_pictures_are_made_of_others(solvent: Solvent, upstream: Upstream, client: OpenAI) -> None:
    usage = DRAWN | {"input_tokens": 320, "input_tokens_details": {"text_tokens": 20, "image_tokens": 300}}
    raw = client.images.with_raw_response.edit(
        model="drawer", prompt="a hat for the cat", n=1, image=[("a.png", b"\x89PNG1"), ("b.png", b"\x89PNG2")],
        mask=("m.png", b"\x89PNG3"), input_fidelity="high", user=json.dumps({"usage": usage}),
    )  # fmt: skip
    assert raw.parse().data
    heard = [one for one in upstream.heard if one.path.endswith("/images/edits")][-1]
    assert heard.body["image[]"] == [("a.png", b"\x89PNG1"), ("b.png", b"\x89PNG2")]
    assert heard.body["mask"] == ("m.png", b"\x89PNG3")
    assert (heard.body["prompt"], heard.body["n"]) == ("a hat for the cat", "1")
    receipt = solvent.receipt(raw.headers["x-request-id"])
    assert receipt["charge"] == "0.04534"  # 20 at 5, 300 at 10 and 1,056 at 40 dollars a million
    assert receipt["usage"]["image_input_tokens"] == 300


def test_a_model_that_takes_no_pictures_edits_none(solvent: Solvent, client: OpenAI) -> None:
    before = solvent.wallet()["balance"]
    with pytest.raises(BadRequestError) as refused:
        client.images.edit(model="painter", prompt="a hat", image=b"\x89PNG")
    assert refused.value.code == "no_pictures"
    with pytest.raises(BadRequestError) as refused:
        client.images.edit(model="drawer", prompt="a hat", image=[])
    assert (refused.value.code, refused.value.param) == ("bad_request", "image")
    assert solvent.wallet()["balance"] == before
