"""Videos over the official package: ordered, looked at, fetched and deleted, held for at once and charged once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI
from tests.doors.books import check, read_books
from tests.doors.fixtures import CONFIG, scripted_model
from tests.doors.server import UPSTREAM_KEY, Solvent, eventually
from tests.doors.studio import GONE_AT, MADE, Studio
from tests.doors.upstream import Upstream

pytestmark = [
    pytest.mark.xdist_group("videos"),
    # Its vendor has closed; what speaks as it did goes on.
    pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning"),
]

PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (1280).to_bytes(4) + (720).to_bytes(4) + bytes(8)


def filming(upstream: Upstream) -> str:
    """Settings that sell videos."""
    studio = {
        "task": "videos", "base_url": upstream.url_of("studio"), "vendor": "studio", "cost_card": "doors-filming-cost",
        "price_card": "doors-filming",
    }  # fmt: skip
    return CONFIG + "".join((
        scripted_model(upstream, "camera", **studio),
        scripted_model(upstream, "short", **studio | {"video_seconds": "[5, 10]"}),
        scripted_model(upstream, "nowhere", **studio | {"base_url": "http://127.0.0.1:1/v1", "vendor": "nobody"}),
        scripted_model(upstream),
    ))  # fmt: skip


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """A studio for all tests of this file."""
    with Upstream({"studio": Studio}) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def solvent(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Solvent]:
    """A server for all tests of this file. At the end its books must balance, with no hold left."""
    server = Solvent(tmp_path_factory.mktemp("solvent"), filming(upstream)).start()
    try:
        yield server
        eventually(lambda: not read_books(server.data).open_holds, "a hold does not end")
        assert server.stop() == 0, server.output
        check(read_books(server.data))
        assert UPSTREAM_KEY not in server.output
    finally:
        server.kill()


@pytest.fixture
def customer(solvent: Solvent) -> tuple[OpenAI, str]:
    """A customer with money, and their key."""
    _, key = solvent.customer("10")
    return solvent.client(key), key


def prompt(**script: Any) -> str:
    return json.dumps({"tag": "video", **script})


def order(client: OpenAI, script: dict[str, Any] | None = None, **asked: Any) -> Any:
    return client.videos.create(**{"model": "camera", "prompt": prompt(**script or {}), **asked})


def ended(client: OpenAI, id: str) -> Any:
    def look() -> Any:
        found = client.videos.retrieve(id)
        return found if found.status in ("completed", "failed") else None

    return eventually(look, f"{id} does not end")


def test_a_video_is_ordered_polled_charged_by_the_second_and_fetched(
    solvent: Solvent, upstream: Upstream, customer: tuple[OpenAI, str]
) -> None:
    client, key = customer
    before = len(upstream.heard)
    raw = client.videos.with_raw_response.create(
        model="camera", prompt=prompt(tag="first"), seconds="8", size="1792x1024",
        input_reference=("cat.png", PNG, "image/png"),
    )  # fmt: skip
    video = raw.parse()
    assert (video.object, video.status, video.progress, video.seconds, video.size) == (
        "video", "queued", 0, "8", "1792x1024",
    )  # fmt: skip
    assert (video.model, video.prompt) == ("camera", None)
    wallet = solvent.wallet(key)
    assert (wallet["balance"], wallet["held"], wallet["available"]) == ("10", "4.8", "5.2")
    heard = upstream.one("first")
    assert heard.body == {
        "prompt": prompt(tag="first"), "seconds": "8", "size": "1792x1024", "model": "scripted-upstream",
        "input_reference": ("cat.png", PNG),
    }  # fmt: skip
    made: Any = ended(client, video.id)
    assert (made.status, made.progress, made.expires_at, made.error) == ("completed", 100, GONE_AT, None)
    assert made.model_extra["solvent"] == {
        "answer": raw.headers["x-request-id"], "charge": "4.8", "currency": "USD"
    }  # fmt: skip
    receipt = solvent.receipt(raw.headers["x-request-id"])
    assert (receipt["charge"], receipt["cost"], receipt["outcome"], receipt["alarms"]) == ("4.8", "2.4", "answered", [])
    assert (receipt["usage"]["video_seconds"], receipt["usage"]["estimated"]) == (8, False)
    assert receipt["price_card"] == "doors-filming@2026-01-01+1792x1024"
    wallet = solvent.wallet(key)
    assert (wallet["balance"], wallet["held"]) == ("5.2", "0")
    content = client.videos.download_content(video.id)
    assert (content.content, content.response.headers["content-type"]) == (MADE, "video/mp4")
    assert client.videos.download_content(video.id, variant="thumbnail").content == MADE
    assert upstream.heard[-1].path.endswith("/content?variant=thumbnail")
    assert [each.id for each in client.videos.list()] == [video.id]
    assert client.videos.delete(video.id).deleted
    assert upstream.heard[-1].method == "DELETE"
    with pytest.raises(openai.NotFoundError):
        client.videos.retrieve(video.id)
    assert solvent.receipt(raw.headers["x-request-id"])["charge"] == "4.8"
    assert len(upstream.heard) > before


def test_create_and_poll_waits_until_it_is_there(solvent: Solvent, customer: tuple[OpenAI, str]) -> None:
    client, _ = customer
    begun = client.videos.retrieve(order(client, {"looks": 2}).id)
    assert (begun.status, begun.progress) == ("in_progress", 42)
    video: Any = client.videos.create_and_poll(model="camera", prompt=prompt(), poll_interval_ms=20)
    assert (video.status, video.seconds, video.size) == ("completed", "4", "720x1280")
    assert solvent.receipt(video.model_extra["solvent"]["answer"])["charge"] == "0.8"


def test_a_video_that_nobody_asks_for_again_is_settled_all_the_same(
    solvent: Solvent, customer: tuple[OpenAI, str]
) -> None:
    client, key = customer
    video = order(client)
    receipt = solvent.receipt(video.model_extra["solvent"]["answer"])
    assert (receipt["charge"], receipt["outcome"]) == ("0.8", "answered")
    assert solvent.wallet(key)["held"] == "0"


def test_a_video_that_fails_costs_nothing_and_says_why(solvent: Solvent, customer: tuple[OpenAI, str]) -> None:
    client, key = customer
    failed = ended(client, order(client, {"fails": "not with {key}"}).id)
    assert (failed.status, failed.error.code) == ("failed", "video_failed")
    assert failed.error.message == "moderation_blocked: not with [our key]"
    receipt = solvent.receipt(failed.model_extra["solvent"]["answer"])
    assert (receipt["outcome"], receipt["error_code"], receipt["charge"], receipt["cost"]) == (
        "failed", "video_failed", "0", "0",
    )  # fmt: skip
    assert solvent.wallet(key)["available"] == "10"
    answer = solvent.send("GET", f"/v1/videos/{failed.id}/content", key=key)
    assert (answer.status, answer.error["code"]) == (409, "video_unfinished")
    assert client.videos.delete(failed.id).deleted


def test_a_shorter_video_is_charged_as_it_is_and_a_longer_one_as_it_was_asked(
    solvent: Solvent, customer: tuple[OpenAI, str]
) -> None:
    client, _ = customer
    for seconds, charge, cost in ((4, "0.8", "0.8"), (12, "1.6", "1.2")):
        made = ended(client, order(client, {"seconds": seconds}, seconds="8").id)
        receipt = solvent.receipt(made.model_extra["solvent"]["answer"])
        assert (receipt["charge"], receipt["cost"], receipt["usage"]["estimated"]) == (charge, cost, True)


def test_an_order_that_its_provider_refuses_leaves_no_hold_and_no_video(
    solvent: Solvent, customer: tuple[OpenAI, str]
) -> None:
    client, key = customer
    for model, script, status, code in (
        ("camera", {"status": 400}, 400, "upstream_refused"), ("camera", {"status": 500}, 502, "upstream_failed"),
        ("nowhere", {}, 502, "upstream_unreachable"),
    ):  # fmt: skip
        with pytest.raises(openai.APIStatusError) as caught:
            order(client, script, model=model)
        assert (caught.value.status_code, caught.value.code) == (status, code)
        receipt = solvent.receipt(caught.value.response.headers["x-request-id"])
        assert (receipt["outcome"], receipt["charge"], receipt["cost"]) == ("failed", "0", "0")
    assert (solvent.wallet(key)["available"], list(client.videos.list())) == ("10", [])


def test_what_is_bad_is_refused_by_name_before_anything_is_held(
    solvent: Solvent, upstream: Upstream, customer: tuple[OpenAI, str]
) -> None:
    client, key = customer
    before = len(upstream.heard)
    bad: list[tuple[dict[str, Any], str, str | None]] = [
        ({"prompt": " "}, "bad_request", "prompt"), ({"prompt": "x" * 32_001}, "bad_request", "prompt"),
        ({"seconds": "5"}, "bad_request", "seconds"), ({"seconds": "-4"}, "bad_request", "seconds"),
        ({"seconds": "4.0"}, "bad_request", "seconds"), ({"model": "short", "seconds": "4"}, "bad_request", "seconds"),
        ({"size": "big"}, "bad_request", "size"), ({"size": "99999x2"}, "bad_request", "size"),
        ({"size": "1024x1024"}, "unpriced_feature", "size"), ({"model": "scripted"}, "wrong_surface", "model"),
        ({"model": "nobody"}, "model_not_found", "model"),
        ({"extra_body": {"quality": "hd"}}, "unpriced_feature", "quality"),
        ({"input_reference": ("a.png", b"no picture", "image/png")}, "bad_picture", "input_reference"),
        ({"input_reference": ("a.png", PNG + bytes(16 * 2**20), "image/png")}, "bad_picture", "input_reference"),
    ]  # fmt: skip
    for asked, code, param in bad:
        with pytest.raises(openai.APIStatusError) as caught:
            order(client, **asked)
        assert (caught.value.status_code, caught.value.code, caught.value.param) == (400, code, param), asked
    answer = solvent.send("POST", "/v1/chat/completions", {"model": "camera", "messages": []}, key)
    assert answer.status == 400
    assert len(upstream.heard) == before
    assert solvent.wallet(key)["held"] == "0"
    assert ended(client, order(client, model="short").id).seconds == "5"


def test_json_orders_too_and_what_is_more_than_an_order_is_refused(
    solvent: Solvent, customer: tuple[OpenAI, str]
) -> None:
    _, key = customer
    kind = {"content-type": "application/json"}
    made = solvent.send("POST", "/v1/videos", {"model": "camera", "prompt": prompt(), "seconds": 8}, key, kind)
    assert (made.status, made.json["seconds"]) == (200, "8")
    body = {"model": "camera", "prompt": "a cat", "input_reference": {"file_id": "x"}}
    assert solvent.send("POST", "/v1/videos", body, key, kind).error["param"] == "input_reference"
    for path in (f"/v1/videos/{made.json['id']}/remix", "/v1/videos/edits"):
        answer = solvent.send("POST", path, {"prompt": "again"}, key)
        assert (answer.status, answer.error["code"]) == (400, "not_served")
    assert solvent.send("PUT", "/v1/videos", {}, key).error["code"] == "wrong_method"
    assert solvent.send("GET", "/v1/videos?limit=0", key=key).status == 400
    assert solvent.send("GET", "/v1/videos/video_%00", key=key).error["code"] == "no_such_video"


def test_nobody_else_sees_a_video(solvent: Solvent, customer: tuple[OpenAI, str]) -> None:
    client, key = customer
    first, mine = order(client), order(client)
    ended(client, mine.id)
    _, other = solvent.customer("1")
    for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
        answer = solvent.send(method, f"/v1/videos/{mine.id}{path}", key=other)
        assert (answer.status, answer.error["code"]) == (404, "no_such_video"), path
        assert solvent.send(method, f"/v1/videos/{mine.id}{path}", key="").status == 401
        operator = solvent.send(method, f"/v1/videos/{mine.id}{path}", key=solvent.operator_key)
        assert operator.error["code"] == "customer_key_needed"
    assert solvent.send("GET", "/v1/videos", key=other).json["data"] == []
    assert [video.id for video in client.videos.list(limit=1)] == [mine.id, first.id]
    assert [video.id for video in client.videos.list(order="asc")] == [first.id, mine.id]
    assert client.videos.retrieve(mine.id).status == "completed"
    id = solvent.wallet(key)["customer"]
    limited = solvent.operate("POST", f"/v1/customers/{id}/keys", {"uses": ["images"]})["api_key"]
    assert solvent.send("GET", f"/v1/videos/{mine.id}", key=limited).error["code"] == "use_not_allowed"


def test_an_order_is_repeated_under_its_key_and_nothing_is_made_or_held_twice(
    solvent: Solvent, upstream: Upstream, customer: tuple[OpenAI, str]
) -> None:
    client, key = customer
    again = {"extra_headers": {"Idempotency-Key": "order-1"}}
    first, second = (order(client, {"tag": "once"}, **again) for _ in range(2))
    assert first == second
    upstream.one("once")
    assert solvent.wallet(key)["held"] == "0.8"
    with pytest.raises(openai.UnprocessableEntityError):
        order(client, {"tag": "other"}, **again)
    assert not upstream.of("other")


def test_a_wallet_that_cannot_pay_orders_nothing(solvent: Solvent, upstream: Upstream) -> None:
    _, key = solvent.customer("1")
    client = solvent.client(key)
    order(client)
    with pytest.raises(openai.APIStatusError) as caught:
        order(client, {"tag": "poor"})
    assert (caught.value.status_code, caught.value.code) == (402, "balance_held")
    assert not upstream.of("poor")


def test_what_its_provider_keeps_no_longer_is_gone(
    solvent: Solvent, upstream: Upstream, customer: tuple[OpenAI, str]
) -> None:
    client, key = customer
    past = ended(client, order(client, {"gone_at": int(time.time()) - 1}).id)
    deleted = ended(client, order(client, {"tag": "deleted"}).id)
    [job] = [id for id, heard in Studio.jobs.items() if heard.script.get("tag") == "deleted"]
    del Studio.jobs[job]
    for id in (past.id, deleted.id):
        answer = solvent.send("GET", f"/v1/videos/{id}/content", key=key)
        assert (answer.status, answer.error["code"]) == (404, "video_gone")
    assert client.videos.delete(deleted.id).deleted
