"""LlamaIndex's OpenAILike, as it is published. Prints one line: what it saw."""

from __future__ import annotations

import json
import os
from typing import Any

import openai
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai_like import OpenAILike

URL, KEY, EMPTY_KEY, MODEL = os.environ["URL"], os.environ["KEY"], os.environ["EMPTY_KEY"], "scripted"


def connect(key: str) -> OpenAILike:
    return OpenAILike(
        model=MODEL, api_base=f"{URL}/v1", api_key=key, is_chat_model=True, is_function_calling_model=True
    )


def weather(city: str) -> str:
    """How it is outside."""
    return f"It rains in {city}."


def ask(**script: Any) -> str:
    return json.dumps(script)


def caught(key: str) -> list[Any]:
    try:
        connect(key).complete(ask())
    except openai.APIStatusError as problem:
        return [problem.status_code, problem.code]
    return []


client = connect(KEY)
whole = client.complete(ask(words=3))
usage = whole.raw.usage
called = client.chat_with_tools([FunctionTool.from_defaults(weather)], user_msg=ask(tools=True))
call = client.get_tool_calls_from_response(called)[0]
told = {
    "whole": whole.text,
    "streamed": "".join(part.delta or "" for part in client.stream_complete(ask(words=3))),
    "tool": [call.tool_name, call.tool_kwargs],
    "usage": [usage.prompt_tokens, usage.completion_tokens],
    "unknown": caught("sk-solvent-unknown"),
    "empty": caught(EMPTY_KEY),
}
print(json.dumps(told))
