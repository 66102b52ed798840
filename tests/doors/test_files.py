"""Files over the official package: uploaded, listed, read and deleted by their customer, and by nobody else."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI
from tests.doors.server import Solvent

from solvent.values.limits import FILE_PIECE_BYTES, REQUEST_BODY_BYTES_MAX

pytestmark = pytest.mark.xdist_group("files")

LINE = json.dumps({"custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": {}}).encode()


def form(*fields: tuple[str, str | None, str]) -> tuple[bytes, dict[str, str]]:
    """A body as curl writes it, fields in any order, and its headers."""
    body = ""
    for name, file_name, content in fields:
        named = "" if file_name is None else f'; filename="{file_name}"'
        body += f'--e\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n{content}\r\n'
    return f"{body}--e--\r\n".encode(), {"content-type": "multipart/form-data; boundary=e"}


@pytest.fixture
def client(solvent: Solvent) -> OpenAI:
    """A customer with no files yet."""
    return solvent.client(solvent.customer()[1])


def test_a_file_is_uploaded_listed_read_and_deleted(client: OpenAI) -> None:
    sent = LINE * (2 * FILE_PIECE_BYTES // len(LINE))
    made = client.files.create(file=("dir/질문.jsonl", sent), purpose="batch")
    assert (made.filename, made.bytes, made.purpose, made.status) == ("질문.jsonl", len(sent), "batch", "processed")
    assert made.expires_at == made.created_at + 30 * 86_400
    brief = client.files.create(
        file=("b.jsonl", b""), purpose="batch", expires_after={"anchor": "created_at", "seconds": 3600}
    )
    assert (brief.bytes, brief.expires_at) == (0, brief.created_at + 3600)
    assert client.files.retrieve(made.id) == made
    assert client.files.content(made.id).content == sent
    assert client.files.content(brief.id).content == b""
    assert [file.id for file in client.files.list(limit=1)] == [brief.id, made.id], "page by page"
    assert [file.id for file in client.files.list(order="asc", purpose="batch")] == [made.id, brief.id]
    assert list(client.files.list(purpose="batch_output")) == []
    assert client.files.delete(made.id).deleted
    assert [file.id for file in client.files.list()] == [brief.id]
    with pytest.raises(openai.NotFoundError):
        client.files.content(made.id)


def test_a_file_may_be_larger_than_a_question(client: OpenAI) -> None:
    sent = bytes(REQUEST_BODY_BYTES_MAX + 5)
    made = client.files.create(file=("large.jsonl", sent), purpose="batch")
    assert client.files.content(made.id).content == sent


def test_nobody_else_sees_it(solvent: Solvent, client: OpenAI) -> None:
    """Each way to a file, by another customer, by an operator and by nobody: it is not there for them."""
    id = client.files.create(file=("mine.jsonl", LINE), purpose="batch").id
    _, other = solvent.customer()
    ways = [("GET", f"/v1/files/{id}"), ("GET", f"/v1/files/{id}/content"), ("DELETE", f"/v1/files/{id}")]
    for method, path in ways:
        for key, status, code in (
            (other, 404, "no_such_file"), (solvent.operator_key, 403, "customer_key_needed"), ("", 401, "no_api_key"),
        ):  # fmt: skip
            answer = solvent.send(method, path, key=key)
            assert (answer.status, answer.error["code"]) == (status, code), (method, path)
    assert solvent.send("GET", "/v1/files", key=other).json["data"] == []
    assert client.files.content(id).content == LINE


FILE, PURPOSE = ("file", "a.jsonl", "{}"), ("purpose", None, "batch")
BAD: list[tuple[Any, str, str | None]] = [
    ((PURPOSE,), "bad_request", "file"),
    ((("file", None, "{}"), PURPOSE), "bad_request", "file"),
    ((FILE, FILE, PURPOSE), "bad_request", "file"),
    ((FILE,), "bad_request", "purpose"),
    ((FILE, ("purpose", None, "fine-tune")), "bad_request", "purpose"),
    ((FILE, PURPOSE, ("more", None, "1")), "bad_request", "more"),
    ((FILE, PURPOSE, ("expires_after[seconds]", None, "3600")), "bad_request", "expires_after.anchor"),
    *(
        ((FILE, PURPOSE, ("expires_after[anchor]", None, "created_at"), ("expires_after[seconds]", None, seconds)),
         "bad_request", "expires_after.seconds")
        for seconds in ("", "-1", "3599", "2592001", "1e9", "9" * 30, "１")
    ),
]  # fmt: skip


def test_what_is_wrong_with_an_upload_is_named_and_nothing_is_kept(solvent: Solvent) -> None:
    _, key = solvent.customer()
    for fields, code, param in BAD:
        body, headers = form(*fields)
        answer = solvent.send("POST", "/v1/files", body, key, headers)
        assert (answer.status, answer.error["code"], answer.error["param"]) == (400, code, param), fields
    for body, headers in ((b"{}", {}), (form(FILE, PURPOSE)[0][:-9], form()[1])):
        assert solvent.send("POST", "/v1/files", body, key, headers).error["code"] == "bad_form"
    for query in ("limit=0", "limit=x", "order=up", "purpose=vision", "more=1"):
        assert solvent.send("GET", f"/v1/files?{query}", key=key).status == 400
    assert solvent.send("PUT", "/v1/files", b"", key).error["message"].endswith("GET or POST, not PUT")
    assert solvent.send("GET", "/v1/files", key=key).json["data"] == []
    body, headers = form(FILE, ("expires_after[anchor]", None, "created_at"), ("expires_after[seconds]", None, "9999"),
                         PURPOSE)  # fmt: skip
    assert solvent.send("POST", "/v1/files", body, key, headers).status == 200, "fields may come after the file"


def test_an_upload_that_is_cut_off_is_not_kept(solvent: Solvent) -> None:
    _, key = solvent.customer()

    def half() -> Any:
        yield form(FILE)[0][:-9]
        raise InterruptedError

    with pytest.raises(InterruptedError), httpx2.Client(trust_env=False) as plain:
        plain.post(f"{solvent.url}/v1/files", content=half(), headers={"authorization": f"Bearer {key}", **form()[1]})
    assert solvent.send("GET", "/v1/files", key=key).json["data"] == []
