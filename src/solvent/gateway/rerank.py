"""POST /v1/rerank: which documents are nearest to a query; as Cohere, Jina and vLLM have it.

Paid by the tokens that are read, by the search, or by the answer. Which documents come back is ours to add: some
providers return them always, some never.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import msgspec

from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.answering.receipt import Receipt
from solvent.app.http import Receive, Send, read_body
from solvent.gateway.asking import TEMPLATE_TOKENS
from solvent.gateway.reading import read_members, unpriced
from solvent.gateway.whole import Members, tell_whole
from solvent.identity.caller import Caller
from solvent.values.errors import Invalid
from solvent.values.ids import AnswerId
from solvent.values.limits import NAME_CHARACTERS_MAX, RANKED_AT_ONCE_MAX, WEB_SEARCHES_MAX
from solvent.values.usage import Usage

_SENT: Final = ("model", "query", "documents", "top_n", "max_tokens_per_doc", "max_chunks_per_doc")
_OURS: Final = ("return_documents", "user")
# A search is a query with a hundred documents; one longer than this with its query counts as several.
# Source: cohere.com/pricing and docs.cohere.com/docs/rerank-overview (read 2026-11).
DOCUMENTS_PER_SEARCH: Final = 100
TOKENS_PER_DOCUMENT: Final = 500


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    text: str


class _Wish(msgspec.Struct):
    model: str
    query: str
    documents: list[str | _Document]
    top_n: int | None = None
    return_documents: bool | None = None
    user: str | None = None

    @property
    def texts(self) -> list[str]:
        return [one if isinstance(one, str) else one.text for one in self.documents]


class _Ranked(msgspec.Struct):
    index: int
    relevance_score: float


_decoder = msgspec.json.Decoder(_Wish)
_decode_ranked = msgspec.json.Decoder(list[_Ranked]).decode


async def rerank(caller: Caller, desk: Desk, id: AnswerId, receive: Receive, send: Send) -> None:
    """One request, from its body to the last byte. Raises SolventError only before the response began."""
    question, returned = read_documents(await read_body(receive), id, desk.now_us())
    await tell_whole(question, caller, desk, send, partial(_body, returned))


def read_documents(body: bytes, id: AnswerId, received_us: int) -> tuple[Question, list[str]]:
    """The question in a request body, and the documents if they are to come back.

    Raises Invalid naming the member at fault.
    """
    wish, members = read_members(body, _decoder)
    texts = wish.texts
    _check(wish, texts)
    for name in members:
        if name not in _SENT and name not in _OURS:
            raise unpriced(name)
    query_bytes = len(wish.query.encode())
    question = Question(
        id=id, received_us=received_us, model=wish.model,
        members={name: value for name, value in members.items() if name in _SENT}, stream=False,
        # Each document is read with the query beside it.
        input_tokens_most=len(body) + len(texts) * (query_bytes + TEMPLATE_TOKENS), output_tokens_asked=1,
        user=(wish.user or "")[:NAME_CHARACTERS_MAX], task="rerank",
        beside=Usage(web_searches=searches_most(query_bytes, [len(text.encode()) for text in texts])),
    )  # fmt: skip
    return question, texts if wish.return_documents else []


def searches_most(query_bytes: int, document_bytes: Sequence[int]) -> int:
    """As how many searches a ranking can count at most: no text has more tokens than bytes."""
    room = max(1, TOKENS_PER_DOCUMENT - query_bytes)
    counted = sum(max(1, -(-size // room)) for size in document_bytes)
    return min(WEB_SEARCHES_MAX, -(-counted // DOCUMENTS_PER_SEARCH))


def _check(wish: _Wish, texts: Sequence[str]) -> None:
    if not wish.query:
        raise Invalid("bad_request", "query: say what the documents are to be near to", param="query")
    if not 1 <= len(texts) <= RANKED_AT_ONCE_MAX:
        message = f"documents: send 1 to RANKED_AT_ONCE_MAX, {RANKED_AT_ONCE_MAX:,}, of them"
        raise Invalid("bad_request", message, param="documents")
    if wish.top_n is not None and wish.top_n < 1:
        raise Invalid("bad_request", "top_n: it is 1 or more", param="top_n")


def _body(returned: Sequence[str], members: Members, _usage: msgspec.Raw | None, receipt: Receipt) -> dict[str, object]:
    """In Jina's words, and what Cohere bills in its own."""
    used = receipt.usage
    told: dict[str, object] = {
        "id": receipt.id, "model": receipt.model,
        "results": [_result(one, returned) for one in _decode_ranked(members["results"])],
        "usage": {"total_tokens": used.input_tokens},
    }  # fmt: skip
    return told | ({"meta": {"billed_units": {"search_units": used.web_searches}}} if used.web_searches else {})


def _result(ranked: _Ranked, returned: Sequence[str]) -> dict[str, object]:
    told: dict[str, object] = {"index": ranked.index, "relevance_score": ranked.relevance_score}
    return told | ({"document": {"text": returned[ranked.index]}} if ranked.index < len(returned) else {})
