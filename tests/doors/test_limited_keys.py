"""What a customer's key is limited to, tried on every surface of a whole service, and how one might get around it."""

from __future__ import annotations

from typing import Any, Final

import anthropic
import openai
import pytest
from tests.doors.fixtures import CONFIG, Serve, scripted_model
from tests.doors.server import Answer, Solvent
from tests.doors.upstream import Upstream

from solvent.gateway import asgi
from solvent.identity.caller import USES, Caller
from solvent.identity.permission import demand_use
from solvent.values.ids import KeyId

pytestmark = pytest.mark.xdist_group("limited_keys")

SAID: Final = [{"role": "user", "content": "Hello?"}]
SURFACES: Final[dict[str, dict[str, Any]]] = {
    "/v1/chat/completions": {"messages": SAID},
    "/v1/messages": {"messages": SAID, "max_tokens": 9},
    "/v1/responses": {"input": "Hello?"},
    "/v1/embeddings": {"input": "Hello?"},
}


def limited(solvent: Solvent, **limits: Any) -> tuple[str, str]:
    """A key with limits, of a customer who has money: its id and secret."""
    id, _ = solvent.customer(grant="1")
    made = solvent.operate("POST", f"/v1/customers/{id}/keys", limits)
    return made["id"], made["api_key"]


def ask(solvent: Solvent, key: str, path: str = "/v1/chat/completions", model: str = "scripted", **how: Any) -> Answer:
    return solvent.send("POST", path, {"model": model} | SURFACES[path], key, **how)


@pytest.mark.parametrize("path", SURFACES)
@pytest.mark.parametrize("model", ["scripted", "no-such-model", "Renamed", "renamed\u0000", ""])
def test_a_model_that_is_not_for_this_key_is_refused_before_anything_is_held(
    solvent: Solvent, upstream: Upstream, path: str, model: str
) -> None:
    _, key = limited(solvent, models=["renamed"])
    before = len(upstream.heard)
    refused = ask(solvent, key, path, model)
    assert (refused.status, refused.json["error"]["code"]) == (403, "model_not_allowed"), refused.body
    wallet = solvent.wallet(key)
    assert (wallet["balance"], wallet["held"], wallet["models"]) == ("1", "0", ["renamed"])
    assert len(upstream.heard) == before


def test_official_clients_see_a_refusal_as_one(solvent: Solvent) -> None:
    _, key = limited(solvent, models=["renamed"])
    with pytest.raises(openai.PermissionDeniedError) as caught:
        solvent.client(key).chat.completions.create(model="scripted", messages=[{"role": "user", "content": "Hello?"}])
    assert (caught.value.code, caught.value.param) == ("model_not_allowed", "model")
    client = anthropic.Anthropic(base_url=solvent.url, api_key=key, max_retries=0)
    with pytest.raises(anthropic.PermissionDeniedError):
        client.messages.create(model="scripted", max_tokens=9, messages=[{"role": "user", "content": "Hello?"}])


def test_a_limited_key_sees_its_models_and_asks_them(solvent: Solvent) -> None:
    _, key = limited(solvent, models=["renamed", "scripted", "not-yet-served"])
    assert {model.id for model in solvent.client(key).models.list()} == {"renamed", "scripted"}
    assert {model.id for model in solvent.client().models.list()} > {"renamed", "scripted"}
    assert ask(solvent, key).status == 200
    assert ask(solvent, key, model="not-yet-served").error["code"] == "model_not_found"


def test_two_members_of_one_name_are_read_as_one(solvent: Solvent) -> None:
    """The model that is checked is the one that answers, however often it is said."""
    _, key = limited(solvent, models=["renamed"])
    body = b'{"model": "renamed", "model": "scripted", "messages": [{"role": "user", "content": "Hello?"}]}'
    refused = solvent.send("POST", "/v1/chat/completions", body, key)
    assert refused.error["code"] == "model_not_allowed"


def test_a_limit_is_changed_from_the_next_call_on(solvent: Solvent) -> None:
    id, key = limited(solvent, models=["renamed"])
    assert ask(solvent, key).status == 403
    solvent.operate("POST", f"/v1/keys/{id}", {"models": ["scripted"]})
    assert ask(solvent, key).status == 200
    assert ask(solvent, key, model="renamed").status == 403
    assert solvent.operate("POST", f"/v1/keys/{id}", {})["models"] == ["scripted"]
    assert solvent.operate("POST", f"/v1/keys/{id}", {"models": []})["models"] == []
    assert ask(solvent, key, model="renamed").status == 200


def test_a_key_cannot_change_itself(solvent: Solvent) -> None:
    id, key = limited(solvent, models=["renamed"])
    refused = solvent.send("POST", f"/v1/keys/{id}", {"models": []}, key)
    assert (refused.status, refused.error["code"]) == (403, "operator_key_needed")
    assert ask(solvent, key).status == 403


@pytest.mark.parametrize(
    "models", ["scripted", [""], [5], ["x" * 200], ["a\u0000"], [str(n) for n in range(101)], {"a": 1}]
)
def test_a_limit_that_is_none_is_refused_and_opens_nothing(solvent: Solvent, models: object) -> None:
    id, key = limited(solvent, models=["renamed"])
    refused = solvent.send("POST", f"/v1/keys/{id}", {"models": models}, solvent.operator_key)
    assert (refused.status, (refused.error["param"] or "").split("[")[0]) == (400, "models"), refused.body
    assert ask(solvent, key).status == 403


def test_a_rotated_key_answers_under_both_secrets_and_its_budget_is_one(solvent: Solvent) -> None:
    id, old = limited(solvent, models=["scripted"])
    budget = {"scope": f"key:{id}", "unit": "answers", "amount": "2", "every": "month"}
    solvent.operate("POST", f"/v1/customers/{solvent.wallet(old)['customer']}/budgets", budget)
    made = solvent.operate("POST", f"/v1/keys/{id}/rotate")
    assert (made["id"], made["hint"], made["models"]) == (id, made["api_key"][-4:], ["scripted"])
    assert made["former_until"] is not None
    assert [ask(solvent, key).status for key in (old, made["api_key"])] == [200, 200]
    for key in (old, made["api_key"]):
        refused = ask(solvent, key)
        assert (refused.status, refused.error["code"]) == (403, "budget_exceeded")
        assert ask(solvent, key, model="renamed").error["code"] == "model_not_allowed"
    last = solvent.operate("POST", f"/v1/keys/{id}/rotate", {"overlap_hours": 0})
    assert last["former_until"] is None
    for key in (old, made["api_key"]):
        assert (ask(solvent, key).status, ask(solvent, key).error["code"]) == (401, "invalid_api_key")
    assert solvent.wallet(last["api_key"])["key"] == id


def test_a_rotation_is_shown_once(solvent: Solvent) -> None:
    id, _ = limited(solvent)
    first, again = (solvent.operate("POST", f"/v1/keys/{id}/rotate", Idempotency_Key=f"rotate {id}") for _ in "12")
    assert first["api_key"]
    assert again == first | {"api_key": None}


@pytest.mark.parametrize("hours", [-1, 721, "soon", 1.5, True, None])
def test_an_overlap_that_is_none_is_refused(solvent: Solvent, hours: object) -> None:
    id, key = limited(solvent)
    refused = solvent.send("POST", f"/v1/keys/{id}/rotate", {"overlap_hours": hours}, solvent.operator_key)
    assert (refused.status, refused.error["param"]) == (400, "overlap_hours")
    assert ask(solvent, key).status == 200


def test_a_key_cannot_rotate_itself_and_an_owner_can(solvent: Solvent) -> None:
    id, key = limited(solvent)
    for path in (f"/v1/keys/{id}/rotate", f"/v1/operators/{id}/rotate"):
        refused = solvent.send("POST", path, {}, key)
        assert (refused.status, refused.error["code"]) == (403, "operator_key_needed")
    helper = solvent.operate("POST", "/v1/operators", {"role": "owner"})
    made = solvent.send("POST", f"/v1/operators/{helper['id']}/rotate", {"overlap_hours": 0}, helper["api_key"])
    assert made.json["api_key"].startswith("op-solvent-")
    assert solvent.send("GET", "/v1/operators", key=helper["api_key"]).status == 401
    assert solvent.send("GET", "/v1/operators", key=made.json["api_key"]).status == 200
    assert solvent.send("POST", f"/v1/keys/{helper['id']}/rotate", {}, solvent.operator_key).status == 404


@pytest.mark.parametrize("path", SURFACES)
def test_a_key_from_elsewhere_is_refused_on_every_surface(solvent: Solvent, upstream: Upstream, path: str) -> None:
    id, key = limited(solvent, addresses=["203.0.113.0/24", "2001:db8::/32"])
    before = len(upstream.heard)
    lies = {"x-forwarded-for": "203.0.113.7", "x-real-ip": "203.0.113.7", "forwarded": "for=203.0.113.7"}
    for headers in ({}, lies):
        refused = ask(solvent, key, path, headers=headers)
        assert (refused.status, refused.json["error"]["code"]) == (403, "address_not_allowed"), refused.body
        assert "127.0.0.1" in refused.json["error"]["message"]
    assert len(upstream.heard) == before
    made = solvent.operate("POST", f"/v1/keys/{id}", {"addresses": ["127.0.0.1"]})
    assert (made["addresses"], made["models"]) == (["127.0.0.1/32"], [])
    wallet = solvent.wallet(key)
    assert (wallet["balance"], wallet["held"]) == ("1", "0")


@pytest.mark.parametrize("path", ["/v1/models", "/v1/key", "/v1/answers/ans_1", "/v1/live"])
def test_a_key_from_elsewhere_sees_nothing(solvent: Solvent, path: str) -> None:
    _, key = limited(solvent, addresses=["203.0.113.7"])
    refused = solvent.send("GET", path, key=key)
    assert (refused.status, refused.error["code"]) == (403, "address_not_allowed")


def test_an_address_that_is_none_is_refused_and_opens_nothing(solvent: Solvent) -> None:
    id, key = limited(solvent, addresses=["203.0.113.7"])
    for wrong in (["here"], ["10.0.0.1/8"], "10.0.0.1", [""], ["127.0.0.1", "*"]):
        refused = solvent.send("POST", f"/v1/keys/{id}", {"addresses": wrong}, solvent.operator_key)
        assert (refused.status, refused.error["param"]) == (400, "addresses"), refused.body
        assert ask(solvent, key).status == 403


def test_a_proxy_is_believed_only_where_it_is_trusted(serve: Serve, upstream: Upstream) -> None:
    solvent = serve('trusted_proxies = "127.0.0.0/8, ::1"\n' + CONFIG + scripted_model(upstream)).start()
    _, key = limited(solvent, addresses=["203.0.113.7"])
    for said, status in (
        ("203.0.113.7", 200), ("203.0.113.8, 203.0.113.7", 200), ("203.0.113.7, 127.0.0.9", 200),
        ("203.0.113.7, 203.0.113.8", 403), ("203.0.113.7, unknown", 403), ("", 403), ("127.0.0.1", 403),
    ):  # fmt: skip
        assert ask(solvent, key, headers={"x-forwarded-for": said}).status == status, said
    assert ask(solvent, key).status == 403
    assert solvent.stop() == 0


def test_a_proxy_that_is_no_address_is_said_at_the_start(serve: Serve, upstream: Upstream) -> None:
    solvent = serve('trusted_proxies = "nginx"\n' + CONFIG + scripted_model(upstream))
    assert solvent.launch().wait(30) != 0
    assert "trusted_proxies" in solvent.output


# Every path that a customer's key opens, by what it is used for; what a limited key may not use answers 403 alone.
PATHS_OF_USES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "chat": (
        ("POST", "/v1/chat/completions"), ("POST", "/v1/completions"), ("POST", "/v1/messages"),
        ("POST", "/v1/messages/count_tokens"), ("POST", "/v1/responses"), ("DELETE", "/v1/responses/resp_1"),
    ),
    "embeddings": (("POST", "/v1/embeddings"), ("POST", "/v1/rerank")),
    "images": (("POST", "/v1/images/generations"),),
    "audio": (("POST", "/v1/audio/speech"),),
    "files": (("GET", "/v1/files"), ("POST", "/v1/files"), ("GET", "/v1/files/file_1"), ("DELETE", "/v1/files/file_1")),
    "videos": (
        ("GET", "/v1/videos"), ("POST", "/v1/videos"), ("GET", "/v1/videos/video_1"), ("DELETE", "/v1/videos/video_1"),
        ("GET", "/v1/videos/video_1/content"),
    ),
    "wallet": (("GET", "/v1/key"), ("GET", "/v1/answers"), ("GET", "/v1/answers/ans_1"), ("HEAD", "/v1/key")),
}  # fmt: skip
CLOSED: Final = (
    ("GET", "/v1/live"), ("GET", "/v1/customers"), ("POST", "/v1/keys/key_1"), ("GET", "/v1/no-such-thing"),
    ("GET", "/metrics"), ("GET", "/v1/chat"), ("POST", "/v1//chat/completions"),
)  # fmt: skip


def test_every_path_of_the_gateway_has_a_use() -> None:
    whole = Caller(KeyId("key_1"), "customer", uses=frozenset(USES))
    for path in {*asgi._SURFACES, *asgi._FORMS, *(path for _, path in asgi._ENDPOINTS), *asgi._PREFIXES}:
        demand_use(whole, path)  # or say in identity/permission.py what it is used for


@pytest.mark.parametrize("use", USES)
def test_a_key_is_used_for_what_it_is_for_and_nothing_else(solvent: Solvent, upstream: Upstream, use: str) -> None:
    _, key = limited(solvent, uses=[use])
    before = len(upstream.heard)
    for other, paths in PATHS_OF_USES.items():
        for method, path in paths:
            answer = solvent.send(method, path, {} if method == "POST" else None, key)
            refused = answer.status == 403 and (method == "HEAD" or answer.json["error"]["code"] == "use_not_allowed")
            assert refused == (other != use), (path, answer.status, answer.body)
    for method, path in CLOSED:
        answer = solvent.send(method, path, {} if method == "POST" else None, key)
        assert answer.status in (403, 404, 405), (path, answer.status, answer.body)
    assert solvent.send("GET", "/v1/models", key=key).status == 200
    assert len(upstream.heard) == before


def test_official_clients_see_a_use_that_is_not_allowed(solvent: Solvent) -> None:
    id, key = limited(solvent, uses=["embeddings", "wallet"])
    with pytest.raises(openai.PermissionDeniedError) as caught:
        solvent.client(key).chat.completions.create(model="scripted", messages=[{"role": "user", "content": "Hello?"}])
    assert caught.value.code == "use_not_allowed"
    assert "embeddings, wallet, not for chat" in caught.value.message
    wallet = solvent.wallet(key)
    assert (wallet["held"], wallet["uses"]) == ("0", ["embeddings", "wallet"])
    assert solvent.operate("POST", f"/v1/keys/{id}", {"uses": []})["uses"] == []
    assert ask(solvent, key).status == 200


@pytest.mark.parametrize("uses", ["chat", ["everything"], [""], [5], ["chat"] * 21])
def test_a_use_that_is_none_is_refused_and_opens_nothing(solvent: Solvent, uses: object) -> None:
    id, key = limited(solvent, uses=["wallet"])
    refused = solvent.send("POST", f"/v1/keys/{id}", {"uses": uses}, solvent.operator_key)
    assert (refused.status, (refused.error["param"] or "").split("[")[0]) == (400, "uses"), refused.body
    assert ask(solvent, key).status == 403


def user_of(solvent: Solvent, answer: Answer) -> str | None:
    assert answer.status == 200, answer.body
    user: str | None = solvent.receipt(answer.headers["x-request-id"])["user"]
    return user


@pytest.mark.parametrize("path", SURFACES)
def test_a_user_in_a_header_is_believed_where_the_key_says_so(solvent: Solvent, path: str) -> None:
    """As Open WebUI and LiteLLM send it; their e-mail addresses and names are nobody's business."""
    _, plain = limited(solvent)
    id, trusted = limited(solvent, user_header="X-OpenWebUI-User-Id")
    said = {
        "X-OpenWebUI-User-Id": "u-42", "X-OpenWebUI-User-Email": "kim@example.com",
        "X-OpenWebUI-User-Name": "Kim", "x-litellm-end-user-id": "u-43",
    }  # fmt: skip
    model = "meaning" if path == "/v1/embeddings" else "scripted"
    assert user_of(solvent, ask(solvent, plain, path, model, headers=said)) is None
    assert user_of(solvent, ask(solvent, trusted, path, model, headers=said)) == "u-42"
    assert user_of(solvent, ask(solvent, trusted, path, model)) is None
    assert "kim@example.com" not in solvent.output
    solvent.operate("POST", f"/v1/keys/{id}", {"user_header": "x-litellm-end-user-id"})
    assert user_of(solvent, ask(solvent, trusted, path, model, headers=said)) == "u-43"
    assert solvent.operate("POST", f"/v1/keys/{id}", {"user_header": ""})["user_header"] == ""
    assert user_of(solvent, ask(solvent, trusted, path, model, headers=said)) is None


def test_the_body_wins_over_the_header(solvent: Solvent, upstream: Upstream) -> None:
    _, key = limited(solvent, user_header="x-user")
    body = {"model": "scripted", "messages": SAID, "user": "of the body"}
    answer = solvent.send("POST", "/v1/chat/completions", body, key, {"x-user": "of the header"})
    assert user_of(solvent, answer) == "of the body"
    answer = ask(solvent, key, headers={"x-user": " 김 철수 ".encode().decode("latin-1")})
    assert user_of(solvent, answer) == "김 철수"
    assert user_of(solvent, ask(solvent, key, headers={"x-user": "x" * 500})) == "x" * 120
    assert not any("user" in heard.body for heard in upstream.heard[-2:]), "a header goes no further"


def test_a_user_of_a_header_has_a_budget_of_their_own(solvent: Solvent) -> None:
    _, key = limited(solvent, user_header="x-user")
    customer = solvent.wallet(key)["customer"]
    budget = {"scope": f"user:{customer}:kim", "unit": "answers", "amount": "1", "every": "month"}
    solvent.operate("POST", f"/v1/customers/{customer}/budgets", budget)
    assert ask(solvent, key, headers={"x-user": "kim"}).status == 200
    refused = ask(solvent, key, headers={"x-user": "kim"})
    assert (refused.status, refused.error["code"]) == (403, "budget_exceeded")
    assert ask(solvent, key, headers={"x-user": "lee"}).status == 200


def test_another_user_under_the_same_idempotency_key_is_another_question(solvent: Solvent) -> None:
    _, key = limited(solvent, user_header="x-user")
    said = {"idempotency-key": "once", "x-user": "kim"}
    first, again = (ask(solvent, key, headers=said) for _ in "12")
    assert (first.body, again.headers["idempotent-replayed"]) == (again.body, "true")
    other = ask(solvent, key, headers=said | {"x-user": "lee"})
    assert (other.status, other.error["code"]) == (422, "idempotency_key_conflict")


@pytest.mark.parametrize("user", ["a\u0000b", "a\nb", "a\u202eb"])
def test_a_user_who_cannot_be_printed_is_refused(solvent: Solvent, user: str) -> None:
    _, key = limited(solvent, user_header="x-user")
    body = {"model": "scripted", "messages": SAID, "user": user}
    refused = solvent.send("POST", "/v1/chat/completions", body, key)
    assert (refused.status, refused.error["param"]) == (400, "user")
    for wrong in ("\x80", "\xe2\x80\xae"):
        refused = ask(solvent, key, headers={"x-user": wrong})
        assert (refused.status, refused.error["param"]) == (400, "x-user")


@pytest.mark.parametrize("name", ["Authorization", "x-api-key", "cookie", "a b", "x:y", "사용자", "-", "x" * 121])
def test_a_header_that_cannot_name_users_is_refused(solvent: Solvent, name: str) -> None:
    id, _ = limited(solvent)
    refused = solvent.send("POST", f"/v1/keys/{id}", {"user_header": name}, solvent.operator_key)
    assert (refused.status, refused.error["param"]) == (400, "user_header"), refused.body
