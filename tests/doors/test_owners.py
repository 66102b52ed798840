"""Nothing of a customer's is another's over the API: every path and member that names something, tried by another.

What names what is read off the gateway's own tables and bodies: whatever is added there must be said here.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import uuid
from collections.abc import Iterator

import msgspec
import pytest
from tests.doors.server import Answer, Solvent, eventually, question
from tests.doors.studio import Studio
from tests.doors.test_batches import begin, ended, line
from tests.doors.test_videos import filming, prompt
from tests.doors.upstream import Upstream

from solvent import gateway
from solvent.bridging import chat_request, messages_request, responses_request
from solvent.gateway import asgi, videos

pytestmark = [
    pytest.mark.xdist_group("videos"),
    pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning"),
]

SECRET = "My secret question"
# Of each table's prefix, what may stand behind it, by the name of a thing.
ONE = {
    ("GET", "/v1/answers/"): ("{answer}", "{answer}/log"),
    ("DELETE", "/v1/responses/"): ("{response}",),
    ("GET", "/v1/files/"): ("{file}", "{file}/content", "{told}", "{told}/content"),
    ("DELETE", "/v1/files/"): ("{file}", "{told}"),
    ("GET", "/v1/batches/"): ("{batch}",),
    ("POST", "/v1/batches/"): ("{batch}/cancel",),
    ("GET", "/v1/videos/"): ("{video}", "{video}/content", "{video}/content?variant=thumbnail"),
    ("DELETE", "/v1/videos/"): ("{video}",),
}
REFUSED_TO_ALL = {("POST", videos.PATH)}  # before anything is looked for
# Of each list, the members of its address that name a thing.
LISTS = {
    "/v1/answers": {"before": "answer", "key": "key", "user": "user"},
    "/v1/files": {"after": "file"},
    "/v1/batches": {"after": "batch"},
    "/v1/videos": {"after": "video"},
}
OF_THE_HOUSE = {"/v1/models", "/v1/key"}  # or of the key that asks
NAMING = {"after", "before", "key", "user", "input_file_id", "previous_response_id"}
# Names in a conversation, tools and what is only passed on or written beside an answer: nothing is looked up by them.
WITHIN = {"call_id", "user_id", "name", "metadata", "safety_identifier"}
_PLAIN = (
    "anchor arguments background best_of body chunking_strategy completion_window content content_type data "
    "description detail dimensions disable_parallel_tool_use documents effort encoding_format endpoint "
    "expires_after[anchor] expires_after[seconds] fields file_name files format headers image_url include "
    "include_usage index input input_fidelity input_schema input_type instructions kind language least limit logprobs "
    "max_completion_tokens max_output_tokens max_tokens media_type messages model moderation most n order output "
    "output_compression output_expires_after output_format parallel_tool_calls parameters prompt purpose quality "
    "query reasoning refusal relevance_score response_format return_documents role samples schema seconds "
    "service_tier size source status stop stop_sequences store stream stream_format stream_options strict style "
    "system temperature text timestamp_granularities tool_choice tools top_logprobs top_n top_p truncate type url "
    "variant verbosity words "
)
PLAIN = set(_PLAIN.split())  # what names nothing of anybody's


def members() -> set[str]:
    """Every member of a body, form or address that the gateway reads."""
    found: set[str] = set()
    rooms = [
        importlib.import_module(f"{gateway.__name__}.{one.name}") for one in pkgutil.iter_modules(gateway.__path__)
    ]
    for module in (*rooms, chat_request, messages_request, responses_request):
        for name, one in vars(module).items():
            is_own = inspect.isclass(one) and one.__module__ == module.__name__
            if is_own and issubclass(one, msgspec.Struct):
                found |= set(one.__struct_encode_fields__)
            elif name in ("_FIELDS", "_MEMBERS", "_EDITED") and isinstance(one, set | frozenset):
                found |= set(one)
    return found


def test_whatever_names_something_is_said_here() -> None:
    assert set(ONE) | REFUSED_TO_ALL == set(asgi._OF_ONE)
    reading = {path for method, path in asgi._ENDPOINTS if method == "GET"}
    assert set(LISTS) | OF_THE_HOUSE == reading
    unsaid = members() - NAMING - WITHIN - PLAIN
    assert not unsaid, "say whether they name something of somebody's, and try it here as another customer"
    assert not (PLAIN | WITHIN) & NAMING
    assert not (PLAIN | WITHIN | NAMING) - members(), "nothing is called so any more"


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream({"studio": Studio}) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def solvent(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Solvent]:
    server = Solvent(tmp_path_factory.mktemp("owners"), "keep_responses_days = 30\n" + filming(upstream)).start()
    try:
        yield server
        assert server.stop() == 0, server.output
    finally:
        server.kill()


@pytest.fixture(scope="module")
def kim(solvent: Solvent) -> dict[str, str]:
    """Names of one of everything of somebody's. secret: their key."""
    customer, key = solvent.customer("100")
    client = solvent.client(key)
    asked = {"model": "scripted", "input": SECRET, "max_output_tokens": 64, "user": "kims-user"}
    response = solvent.send("POST", "/v1/responses", asked, key)
    assert response.status == 200, response.body
    batch = begin(client, line("a", question()))
    done = ended(client, batch)
    video = client.videos.create_and_poll(model="camera", prompt=prompt(), poll_interval_ms=20)
    (own,) = solvent.operate("GET", f"/v1/customers/{customer}/keys")["data"]
    names = {
        "secret": key, "key": own["id"], "answer": response.headers["x-request-id"], "response": response.json["id"],
        "file": batch.input_file_id, "told": done.output_file_id, "batch": batch.id, "video": video.id,
        "user": "kims-user",
    }  # fmt: skip
    eventually(lambda: solvent.send("GET", f"/v1/answers/{names['answer']}", key=key).status == 200, "no receipt")
    return names


@pytest.fixture(scope="module")
def thief(solvent: Solvent) -> str:
    """The key of another customer, who has money."""
    return solvent.customer("100")[1]


def names_nothing_of(kim: dict[str, str], answer: Answer, *, but: str = "") -> None:
    """What was told says nothing of them; but: what the thief themselves wrote."""
    told = answer.body.decode(errors="replace")
    assert SECRET not in told
    for name, value in kim.items():
        assert value not in told or value == but, name


def test_no_path_of_a_thing_leads_another_customer_to_it(solvent: Solvent, kim: dict[str, str], thief: str) -> None:
    for (method, prefix), behind in ONE.items():
        for path in behind:
            where = prefix + path.format(**kim)
            came = solvent.send(method, where, b"{}" if method == "POST" else None, thief)
            assert came.status == 404, (method, where, came.status, came.body)
            nothing = solvent.send(method, prefix + path.format(**dict.fromkeys(kim, "none")), key=thief)
            assert (nothing.status, nothing.error["code"]) == (404, came.error["code"]), where
    for (method, prefix), behind in ONE.items():  # and all of it is still there for whose it is
        for path in behind:
            if method == "GET" and not path.endswith("/log"):
                where = prefix + path.format(**kim)
                assert solvent.send("GET", where, key=kim["secret"]).status == 200, where


def test_no_list_tells_of_another_customer_whatever_it_is_asked_to_begin_with(
    solvent: Solvent, kim: dict[str, str], thief: str
) -> None:
    for path, naming in LISTS.items():
        assert json.loads(solvent.send("GET", path, key=kim["secret"]).body)["data"], path
        for query in ("", *(f"?{member}={kim[thing]}" for member, thing in naming.items())):
            came = solvent.send("GET", path + query, key=thief)
            assert came.status in (200, 400, 404), (path, query)
            assert came.status != 200 or came.json["data"] == [], (path, query)


def test_no_member_of_a_body_reaches_another_customers_things(
    solvent: Solvent, kim: dict[str, str], thief: str
) -> None:
    goes_on = {"model": "scripted", "input": "And then?", "previous_response_id": kim["response"]}
    came = solvent.send("POST", "/v1/responses", goes_on, thief)
    assert came.status in (400, 404), came.body
    names_nothing_of(kim, came, but=kim["response"])
    wish = {"input_file_id": kim["file"], "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    came = solvent.send("POST", "/v1/batches", wish, thief)
    assert came.status == 404, came.body
    names_nothing_of(kim, came, but=kim["file"])
    client = solvent.client(thief)
    responses = "/v1/responses"
    batch = ended(client, begin(client, line("x", goes_on, responses), endpoint=responses))
    assert batch.output_file_id is None or SECRET not in client.files.content(batch.output_file_id).text
    assert batch.request_counts.completed == 0
    own = solvent.send("POST", "/v1/responses", {"model": "scripted", "input": "Mine"}, kim["secret"])
    goes_on = {"model": "scripted", "input": "And then?", "previous_response_id": own.json["id"]}
    assert solvent.send("POST", "/v1/responses", goes_on, kim["secret"]).status == 200  # as it is for whose it is


def test_a_repetition_is_of_ones_own_question_alone(solvent: Solvent, kim: dict[str, str], thief: str) -> None:
    again = {"idempotency-key": uuid.uuid4().hex}
    first = solvent.send("POST", "/v1/chat/completions", question(), kim["secret"], again)
    other = solvent.send("POST", "/v1/chat/completions", question(), thief, again)
    same = solvent.send("POST", "/v1/chat/completions", question(), kim["secret"], again)
    assert first.status == other.status == same.status == 200
    assert first.headers["x-request-id"] == same.headers["x-request-id"] != other.headers["x-request-id"]
