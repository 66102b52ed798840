"""pydantic-ai with its models of OpenAI and Anthropic, as they are published. Prints one line: what they saw."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

from pydantic_ai import Agent
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

URL, KEY, EMPTY_KEY, MODEL = os.environ["URL"], os.environ["KEY"], os.environ["EMPTY_KEY"], "scripted"


def chat(key: str) -> OpenAIChatModel:
    return OpenAIChatModel(MODEL, provider=OpenAIProvider(base_url=f"{URL}/v1", api_key=key))


def ask(**script: Any) -> str:
    return json.dumps(script)


async def caught(key: str) -> list[Any]:
    try:
        await Agent(chat(key)).run(ask())
    except ModelHTTPError as problem:
        body: Any = problem.body
        return [problem.status_code, body["code"]]
    return []


async def streamed(agent: Agent[None, str]) -> str:
    async with agent.run_stream(ask(words=3)) as result:
        return "".join([part async for part in result.stream_text(delta=True, debounce_by=None)])


async def called(model: Any) -> list[Any]:
    given: list[Any] = []
    agent = Agent(model)

    @agent.tool_plain  # type: ignore[untyped-decorator]
    def weather(city: str) -> str:
        """How it is outside."""
        given.append({"city": city})
        return "It rains."

    result = await agent.run(ask(tools=True, words=2))
    return ["weather", *given, result.output]


async def main() -> dict[str, Any]:
    agent = Agent(chat(KEY))
    claude = AnthropicModel(MODEL, provider=AnthropicProvider(base_url=URL, api_key=KEY))
    responses = OpenAIResponsesModel(MODEL, provider=OpenAIProvider(base_url=f"{URL}/v1", api_key=KEY))
    whole = await agent.run(ask(words=3))
    usage: Any = whole.usage() if callable(whole.usage) else whole.usage
    return {
        "whole": whole.output,
        "streamed": await streamed(agent),
        "tool": await called(chat(KEY)),
        "usage": [usage.input_tokens, usage.output_tokens],
        "unknown": await caught("sk-solvent-unknown"),
        "empty": await caught(EMPTY_KEY),
        "anthropic": (await Agent(claude).run(ask(words=3))).output,
        "anthropic streamed": await streamed(Agent(claude)),
        "responses": (await Agent(responses).run(ask(words=3))).output,
        "responses streamed": await streamed(Agent(responses)),
    }


print(json.dumps(asyncio.run(main())))
