"""LangChain's chat models of OpenAI and Anthropic, as they are published. Prints one line: what they saw."""

from __future__ import annotations

import json
import os
from typing import Any

import anthropic
import openai
from langchain_anthropic import ChatAnthropic
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

URL, KEY, EMPTY_KEY, MODEL = os.environ["URL"], os.environ["KEY"], os.environ["EMPTY_KEY"], "scripted"
client = ChatOpenAI(model=MODEL, base_url=f"{URL}/v1", api_key=KEY, stream_usage=True)


@tool  # type: ignore[untyped-decorator]
def weather(city: str) -> str:
    """How it is outside."""
    return f"It rains in {city}."


def ask(**script: Any) -> str:
    return json.dumps(script)


def caught(key: str) -> list[Any]:
    try:
        ChatOpenAI(model=MODEL, base_url=f"{URL}/v1", api_key=key).invoke(ask())
    except openai.APIStatusError as problem:
        return [problem.status_code, problem.code]
    return []


def caught_by_claude(key: str) -> list[Any]:
    try:
        ChatAnthropic(model_name=MODEL, base_url=URL, api_key=key).invoke(ask())
    except anthropic.APIStatusError as problem:
        body: Any = problem.body
        return [problem.status_code, body["error"]["code"]]
    return []


claude = ChatAnthropic(model_name=MODEL, base_url=URL, api_key=KEY)
parts = list(client.stream(ask(words=3)))
call = client.bind_tools([weather]).invoke(ask(tools=True)).tool_calls[0]
usage = next(part.usage_metadata for part in parts if part.usage_metadata)
claude_call = claude.bind_tools([weather]).invoke(ask(tools=True)).tool_calls[0]
told = {
    "whole": client.invoke(ask(words=3)).content,
    "streamed": "".join(part.content for part in parts),
    "tool": [call["name"], call["args"]],
    "usage": [usage["input_tokens"], usage["output_tokens"]],
    "unknown": caught("sk-solvent-unknown"),
    "empty": caught(EMPTY_KEY),
    "anthropic": claude.invoke(ask(words=3)).content,
    "anthropic streamed": "".join(part.text for part in claude.stream(ask(words=3))),
    "anthropic tool": [claude_call["name"], claude_call["args"]],
    "anthropic empty": caught_by_claude(EMPTY_KEY),
    "responses": ChatOpenAI(model=MODEL, base_url=f"{URL}/v1", api_key=KEY, use_responses_api=True)
    .invoke(ask(words=3))
    .text,
}
print(json.dumps(told))
