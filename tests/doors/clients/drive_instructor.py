"""instructor over the official `openai` package, as they are published. Prints one line: what it saw."""

from __future__ import annotations

import json
import os
from typing import Any

import instructor
from openai import OpenAI
from pydantic import BaseModel

URL, KEY, EMPTY_KEY, MODEL = os.environ["URL"], os.environ["KEY"], os.environ["EMPTY_KEY"], "scripted"


class weather(BaseModel):  # noqa: N801  # named as the tool that is called
    """How it is outside."""

    city: str


def connect(key: str, mode: instructor.Mode = instructor.Mode.TOOLS) -> Any:
    return instructor.from_openai(OpenAI(base_url=f"{URL}/v1", api_key=key), mode=mode)


def asked(**script: Any) -> dict[str, Any]:
    return {"model": MODEL, "response_model": weather, "messages": [{"role": "user", "content": json.dumps(script)}]}


def caught(key: str) -> list[Any]:
    try:
        connect(key).create(**asked(tools=True))
    except Exception as problem:
        within: Any = problem
        while within is not None and not hasattr(within, "status_code"):
            within = within.__cause__ or within.__context__
        return [within.status_code, within.code] if within is not None else [repr(problem)]
    return []


found, completion = connect(KEY).create_with_completion(**asked(tools=True))
written = connect(KEY, instructor.Mode.JSON).create(**asked(text='{"city": "Seoul"}'))
schema = connect(KEY, instructor.Mode.JSON_SCHEMA).create(**asked(text='{"city": "Seoul"}'))
parts = list(connect(KEY, instructor.Mode.JSON).create_partial(**asked(text='{"city": "Seoul"}')))
told = {
    "tool": [type(found).__name__, found.model_dump()],
    "json": written.model_dump(),
    "json_schema": schema.model_dump(),
    "streamed": parts[-1].model_dump(),
    "usage": [completion.usage.prompt_tokens, completion.usage.completion_tokens],
    "unknown": caught("sk-solvent-unknown"),
    "empty": caught(EMPTY_KEY),
}
print(json.dumps(told))
