"""Rankings and moderations through the real server: one hold, one charge, by tokens, by the search or by the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openai import OpenAI
from tests.doors.books import check, read_books
from tests.doors.fixtures import CONFIG, scripted_model
from tests.doors.judging import RANKED_TOKENS, SEARCHES
from tests.doors.server import Answer, Solvent, question
from tests.doors.upstream import Upstream

from solvent.values.money import Money, plain

pytestmark = pytest.mark.xdist_group("judging")

READ_GRAINS, SEARCH_GRAINS, ANSWER_GRAINS = 20, 2_000_000, 1_000_000
CARDS = """\
card: by-search
currency: USD
entries:
  - {from: 2026-01-01, web_search: 0.002}
---
card: by-answer
currency: USD
entries:
  - {from: 2026-01-01, answer: 0.001}
---
card: for-nothing
currency: USD
entries:
  - {from: 2026-01-01, answer: 0}
"""
DOCUMENTS = ["one", "two", "three"]


@pytest.fixture(scope="module")
def shop(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Solvent]:
    """A server that ranks and moderates, paid in each way."""

    def judge(name: str, task: str, card: str) -> str:
        return scripted_model(upstream, name, task=task, cost_card=card, price_card=card)

    entries = [
        scripted_model(upstream),
        judge("by-tokens", "rerank", "doors-reading"),
        judge("by-search", "rerank", "by-search"),
        judge("by-answer", "rerank", "by-answer"),
        judge("guard", "moderations", "by-answer"),
        judge("free-guard", "moderations", "for-nothing"),
    ]
    server = Solvent(tmp_path_factory.mktemp("judging"), CONFIG + "\n".join(entries))
    (server.folder / "rate_cards" / "judging.yaml").write_text(CARDS)
    server.start()
    try:
        yield server
        assert server.stop() == 0, server.output
        check(read_books(server.data))
    finally:
        server.kill()


def ranked(shop: Solvent, model: str, query: str = "three?", **members: Any) -> Answer:
    asked = {"model": model, "query": query, "documents": DOCUMENTS} | members
    return shop.send("POST", "/v1/rerank", asked)


@pytest.mark.parametrize(
    ("model", "script", "grains"),
    [
        ("by-tokens", {}, RANKED_TOKENS * READ_GRAINS),
        ("by-search", {"shape": "cohere"}, SEARCHES * SEARCH_GRAINS),
        ("by-answer", {}, ANSWER_GRAINS),
        ("by-answer", {"usage": "none"}, ANSWER_GRAINS),
        ("by-tokens", {"usage": "none"}, 0),
    ],
)
def test_a_ranking_is_charged_as_its_card_says(shop: Solvent, model: str, script: dict[str, Any], grains: int) -> None:
    told = ranked(shop, model, json.dumps(script | {"kept": 1}))
    assert told.status == 200, told.body
    assert [one["index"] for one in told.json["results"]] == [2, 1, 0]
    assert all(set(one) == {"index", "relevance_score"} for one in told.json["results"])
    assert told.json["model"] == model
    assert b"cost" not in told.body
    charge = plain(Money(grains, "USD"))
    assert told.headers["x-solvent-charge"] == charge
    receipt = shop.receipt(told.json["id"])
    assert (receipt["charge"], receipt["outcome"]) == (charge, "answered")
    assert receipt["cost"] != "0", "we may be billed for it"
    if script.get("shape") == "cohere":
        assert told.json["meta"]["billed_units"] == {"search_units": SEARCHES}
        assert receipt["usage"]["searches"] == SEARCHES


def test_documents_come_back_for_whoever_asks_and_theirs_only(shop: Solvent, upstream: Upstream) -> None:
    told = ranked(shop, "by-tokens", return_documents=True, top_n=2, documents=[{"text": "one"}, "two"], user="kim")
    assert [one["document"] for one in told.json["results"]] == [{"text": "two"}, {"text": "one"}]
    heard = upstream.heard[-1]
    assert heard.path.endswith("/rerank")
    assert set(heard.body) == {"model", "query", "documents", "top_n"}, "what some providers refuse"
    assert shop.receipt(told.json["id"])["user"] == "kim"


def test_many_documents_are_several_searches(shop: Solvent) -> None:
    script = {"shape": "cohere", "usage": {"billed_units": {"search_units": 2.0}}}
    told = ranked(shop, "by-search", json.dumps(script), documents=["x"] * 150)
    assert told.headers["x-solvent-charge"] == plain(Money(2 * SEARCH_GRAINS, "USD"))
    assert shop.receipt(told.json["id"])["alarms"] == []


def test_the_most_a_ranking_can_come_to_is_held_for(shop: Solvent) -> None:
    _, key = shop.customer(grant="0.003")
    asked = {"model": "by-search", "query": "?", "documents": ["x"] * 100}
    refused = shop.send("POST", "/v1/rerank", asked | {"documents": ["x"] * 101}, key=key)
    assert (refused.status, refused.error["code"]) == (402, "request_exceeds_balance")
    assert shop.send("POST", "/v1/rerank", asked, key=key).status == 200


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"documents": []}, "bad_request", "documents"),
        ({"documents": ["a"] * 1001}, "bad_request", "documents"),
        ({"documents": "a"}, "bad_request", "documents"),
        ({"documents": [{"image": "x"}]}, "bad_request", "documents[0]"),
        ({"documents": [{"text": "a", "image": "x"}]}, "bad_request", "documents[0]"),
        ({"query": ""}, "bad_request", "query"),
        ({"top_n": 0}, "bad_request", "top_n"),
        ({"rank_fields": ["a"]}, "unpriced_feature", "rank_fields"),
        ({"model": "scripted"}, "wrong_surface", "model"),
        ({"model": "guard"}, "wrong_surface", "model"),
    ],
)
def test_what_cannot_be_ranked_is_told_by_its_name(shop: Solvent, body: dict[str, Any], code: str, param: str) -> None:
    before = shop.wallet()["balance"]
    told = shop.send("POST", "/v1/rerank", {"model": "by-tokens", "query": "?", "documents": DOCUMENTS} | body)
    assert (told.status, told.error["code"], told.error["param"]) == (400, code, param)
    assert shop.wallet()["balance"] == before


@pytest.mark.parametrize(
    "body", ['{"results": []}', '{"results": [{"index": -1, "relevance_score": 1}]}', '{"results": [7]}', "{]", "{}"]
)
def test_a_ranking_that_is_none_charges_nothing(shop: Solvent, body: str) -> None:
    before = shop.wallet()["balance"]
    told = ranked(shop, "by-answer", json.dumps({"body": body}))
    assert (told.status, told.error["code"]) == (502, "upstream_garbage")
    assert shop.wallet()["balance"] == before


@pytest.mark.parametrize(("model", "grains"), [("guard", ANSWER_GRAINS), ("free-guard", 0)])
def test_texts_are_moderated_by_openais_client(shop: Solvent, model: str, grains: int) -> None:
    client: OpenAI = shop.client()
    raw = client.moderations.with_raw_response.create(model=model, input=["good", "bad"])
    made = raw.parse()
    assert [one.flagged for one in made.results] == [False, True]
    assert (made.model, made.id) == (model, raw.headers["x-request-id"])
    assert raw.headers["x-solvent-charge"] == plain(Money(grains, "USD"))
    receipt = shop.receipt(made.id)
    assert (receipt["charge"], receipt["cost"], receipt["outcome"]) == (
        plain(Money(grains, "USD")), plain(Money(grains, "USD")), "answered",
    )  # fmt: skip
    parts: Any = [{"type": "text", "text": "bad"}]
    assert client.moderations.create(model=model, input=parts).results


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "bad_request", "input"),
        ({"input": ""}, "bad_request", "input"),
        ({"input": []}, "bad_request", "input"),
        ({"input": ["a"] * 101}, "bad_request", "input"),
        ({"input": [{"type": "image_url", "image_url": {"url": "x"}}]}, "unpriced_feature", "input"),
        ({"input": "a", "stream": True}, "unpriced_feature", "stream"),
        ({"input": "a", "model": "scripted"}, "wrong_surface", "model"),
    ],
)
def test_what_cannot_be_moderated_is_told_by_its_name(
    shop: Solvent, body: dict[str, Any], code: str, param: str
) -> None:
    told = shop.send("POST", "/v1/moderations", {"model": "guard"} | body)
    assert (told.status, told.error["code"], told.error["param"]) == (400, code, param)


def test_a_model_that_ranks_does_not_chat(shop: Solvent) -> None:
    told = shop.send("POST", "/v1/chat/completions", question(model="by-tokens"))
    assert (told.status, told.error["code"]) == (400, "wrong_surface")
    assert "/v1/rerank" in told.error["message"]
