"""The official `openai` package for Python, as it is published. Prints one line: what it saw."""

from __future__ import annotations

import json
import os
from typing import Any

import openai
from openai import OpenAI

URL, KEY, EMPTY_KEY, MODEL = os.environ["URL"], os.environ["KEY"], os.environ["EMPTY_KEY"], "scripted"
client = OpenAI(base_url=f"{URL}/v1", api_key=KEY)
WEATHER: Any = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


def ask(**script: Any) -> Any:
    return [{"role": "user", "content": json.dumps(script)}]


def caught(key: str) -> list[Any]:
    try:
        OpenAI(base_url=f"{URL}/v1", api_key=key).chat.completions.create(model=MODEL, messages=ask())
    except openai.APIStatusError as problem:
        return [type(problem).__name__, problem.status_code, problem.code]
    return []


whole = client.chat.completions.create(model=MODEL, messages=ask(words=3))
streamed, usage = "", None
for chunk in client.chat.completions.create(
    model=MODEL, messages=ask(words=3), stream=True, stream_options={"include_usage": True}
):
    streamed += (chunk.choices[0].delta.content or "") if chunk.choices else ""
    usage = chunk.usage or usage
called: Any = client.chat.completions.create(model=MODEL, messages=ask(tools=True), tools=[WEATHER])
function = called.choices[0].message.tool_calls[0].function
assert usage is not None
told = {
    "models": [model.id for model in client.models.list()],
    "whole": whole.choices[0].message.content,
    "streamed": streamed,
    "tool": [function.name, json.loads(function.arguments)],
    "usage": [usage.prompt_tokens, usage.completion_tokens],
    "unknown": caught("sk-solvent-unknown"),
    "empty": caught(EMPTY_KEY),
    "response": client.responses.create(model=MODEL, input=ask(words=2)).output_text,
}
print(json.dumps(told))
