"""Code that asks this service, to copy: with its own address and a model that it has."""

from __future__ import annotations

from typing import Final

import msgspec

KEY: Final = "YOUR_KEY"  # what stands for one in them


class Snippet(msgspec.Struct, frozen=True):
    """One way to ask. title: of the language or client, as it is called everywhere. slug: for ids of pages."""

    slug: str
    title: str
    text: str


def snippets(address: str, model: str) -> tuple[Snippet, ...]:
    """address: of the service, without a slash at its end. model: by its name here."""
    filled = {"address": address, "model": model, "key": KEY}
    return tuple(Snippet(slug, title, text.format(**filled).strip()) for slug, title, text in _TEXTS)


_CURL: Final = """
curl {address}/v1/chat/completions \\
  -H "Authorization: Bearer {key}" \\
  -H "Content-Type: application/json" \\
  -d '{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello"}}]}}'
"""
_OPENAI: Final = """
from openai import OpenAI

client = OpenAI(base_url="{address}/v1", api_key="{key}")
answer = client.chat.completions.create(
    model="{model}",
    messages=[{{"role": "user", "content": "Hello"}}],
)
print(answer.choices[0].message.content)
"""
_ANTHROPIC: Final = """
from anthropic import Anthropic

client = Anthropic(base_url="{address}", api_key="{key}")
answer = client.messages.create(
    model="{model}",
    max_tokens=500,
    messages=[{{"role": "user", "content": "Hello"}}],
)
print(answer.content[0].text)
"""
_JAVASCRIPT: Final = """
const response = await fetch('{address}/v1/chat/completions', {{
  method: 'POST',
  headers: {{ authorization: 'Bearer {key}', 'content-type': 'application/json' }},
  body: JSON.stringify({{ model: '{model}', messages: [{{ role: 'user', content: 'Hello' }}] }}),
}});
const answer = await response.json();
console.log(answer.choices[0].message.content);
"""
_TEXTS: Final = (
    ("curl", "curl", _CURL),
    ("openai", "Python, openai", _OPENAI),
    ("anthropic", "Python, anthropic", _ANTHROPIC),
    ("javascript", "JavaScript", _JAVASCRIPT),
)
