"""The command `llm` with a model of extra-openai-models.yaml, as it is published. Prints one line: what it saw."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

URL, KEY, EMPTY_KEY = os.environ["URL"], os.environ["KEY"], os.environ["EMPTY_KEY"]
HERE = Path(os.environ["HOME"]) / "llm"
WEATHER = 'def weather(city: str) -> str:\n    "How it is outside"\n    return "It rains in " + city'


def llm(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"LLM_USER_PATH": str(HERE)}
    command = [str(Path(sys.executable).parent / "llm"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def ask(*options: str, **script: Any) -> str:
    done = llm("-m", "solvent", json.dumps(script), *options)
    return (done.stdout + done.stderr).strip()


def caught(key: str) -> list[Any]:
    said = re.search(r"Error code: (\d+) - ([\w ]+)", ask("--key", key))
    return [int(said[1]), said[2]] if said else []


HERE.mkdir()
members = ("model_id: solvent", "model_name: scripted", f"api_base: {URL}/v1", "supports_tools: true",
           "api_key_name: solvent")  # fmt: skip
(HERE / "extra-openai-models.yaml").write_text("- " + "\n  ".join(members) + "\n")
llm("keys", "set", "solvent", "--value", KEY)
whole = ask("--no-stream", words=3)
streamed = ask(words=3)
latest = json.loads(llm("logs", "-n", "1", "--json").stdout)[0]
called = ask("--functions", WEATHER, "--tools-debug", tools=True, words=2)
told = {
    "whole": whole,
    "streamed": streamed,
    "tool": re.findall(r"weather\(.*\)|word0 \w+", called),
    "usage": [latest["input_tokens"], latest["output_tokens"]],
    "unknown": caught("sk-solvent-unknown"),
    "empty": caught(EMPTY_KEY),
}
print(json.dumps(told))
