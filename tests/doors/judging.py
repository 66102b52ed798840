"""What the scripted upstream says of texts without writing any: what they mean, how many tokens, how near, how harmful.

script.usage: the report, "none" for no report. script.shape: of a ranking, "cohere" or what vLLM and Jina have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

COUNTED_TOKENS = 11
RANKED_TOKENS = 40
SEARCHES = 1


def judged_reply(path: str, body: Mapping[str, Any], script: Mapping[str, Any]) -> bytes | None:
    """The reply to a question of these kinds; None for any other."""
    kinds = {"count_tokens": _counted, "embeddings": _embedded, "moderations": _moderated, "rerank": _ranked}
    made = kinds.get(path.partition("?")[0].rpartition("/")[2])
    return None if made is None else json.dumps(made(body, script)).encode()


def _counted(_body: Mapping[str, Any], _script: Mapping[str, Any]) -> dict[str, Any]:
    return {"input_tokens": COUNTED_TOKENS}


def _embedded(body: Mapping[str, Any], script: Mapping[str, Any]) -> dict[str, Any]:
    """An embedding of each text: as many numbers as were asked for, or four."""
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    size = body.get("dimensions", 4)
    data = [{"object": "embedding", "index": n, "embedding": [n + 0.5] * size} for n, _ in enumerate(texts)]
    read = sum(len(str(text).split()) for text in texts)
    usage = {"usage": {"prompt_tokens": read, "total_tokens": read, "cost": 0.1}}
    said = {"object": "list", "model": "scripted-upstream", "data": data}
    return said if script.get("usage") == "none" else said | usage


def _ranked(body: Mapping[str, Any], script: Mapping[str, Any]) -> dict[str, Any]:
    """The last document is the best."""
    order = list(reversed(range(len(body["documents"]))))[: body.get("top_n")]
    found: list[dict[str, Any]] = [{"index": n, "relevance_score": 1 / (rank + 1)} for rank, n in enumerate(order)]
    if script.get("shape") == "cohere":
        units = {"billed_units": {"search_units": SEARCHES}, "cost": 0.1}
        return {"id": "r", "results": found, "meta": script.get("usage", units)}
    for result in found:
        result["document"] = {"text": body["documents"][result["index"]]}
    report = {"total_tokens": RANKED_TOKENS, "cost": 0.1}
    usage = script.get("usage", report)
    return {"id": "r", "model": body["model"], "results": found} | ({} if usage == "none" else {"usage": usage})


def _moderated(body: Mapping[str, Any], _script: Mapping[str, Any]) -> dict[str, Any]:
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    results = [{"flagged": "bad" in text, "categories": {}, "category_scores": {}} for text in texts]
    return {"id": "modr-1", "model": body["model"], "results": results}
