"""The official `anthropic` package for Python, as it is published. Prints one line: what it saw."""

from __future__ import annotations

import json
import os
from typing import Any

import anthropic
from anthropic import Anthropic

URL, KEY, EMPTY_KEY, MODEL = os.environ["URL"], os.environ["KEY"], os.environ["EMPTY_KEY"], "scripted"
client = Anthropic(base_url=URL, api_key=KEY)
WEATHER: Any = {"name": "weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}


def ask(**script: Any) -> Any:
    return {"model": MODEL, "max_tokens": 64, "messages": [{"role": "user", "content": json.dumps(script)}]}


def caught(key: str) -> list[Any]:
    try:
        Anthropic(base_url=URL, api_key=key).messages.create(**ask())
    except anthropic.APIStatusError as problem:
        body: Any = problem.body
        return [type(problem).__name__, problem.status_code, body["error"]["code"]]
    return []


whole: Any = client.messages.create(**ask(words=3))
with client.messages.stream(**ask(words=3)) as stream:
    streamed = "".join(stream.text_stream)
    usage = stream.get_final_message().usage
call: Any = client.messages.create(**ask(tools=True), tools=[WEATHER]).content[0]
told = {
    "models": [model.id for model in client.models.list()],
    "whole": whole.content[0].text,
    "streamed": streamed,
    "tool": [call.name, call.input],
    "usage": [usage.input_tokens, usage.output_tokens],
    "unknown": caught("sk-solvent-unknown"),
    "empty": caught(EMPTY_KEY),
}
print(json.dumps(told))
