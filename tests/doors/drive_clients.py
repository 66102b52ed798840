"""Drives the clients of others that CI does not: each in an environment of its own, against the real server.

`make clients` makes the environments in `.clients/` and prints a table; what each saw must be what was sent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.table import Table
from tests.doors.fixtures import CONFIG, scripted_model
from tests.doors.server import Solvent
from tests.doors.upstream import PROMPT_TOKENS, Upstream

ROOT: Final = Path(__file__).resolve().parents[2]
MADE: Final = ROOT / ".clients"
SCRIPTS: Final = Path(__file__).parent / "clients"
DRIVEN_S_MAX: Final = 400.0

WHOLE, STREAMED, USAGE = "word0 word1 word2", "word0 word1 word2 ", [PROMPT_TOKENS, 3]
TOOL: Final = ["weather", {"city": "Seoul"}]
ERRORS: Final = {"unknown": [401, "invalid_api_key"], "empty": [402, "wallet_empty"]}
USUAL: Final = {"whole": WHOLE, "streamed": STREAMED, "tool": TOOL, "usage": USAGE} | ERRORS
HELLO: Final = "Hello from Solvent\n"


class Client(msgspec.Struct, frozen=True):
    """packages: what is installed, each of one version. expected: all that its script tells of."""

    name: str
    packages: tuple[str, ...]
    expected: dict[str, Any]


CLIENTS: Final = (
    Client(
        "langchain",
        ("langchain-openai==1.7.4", "langchain-anthropic==1.7.10"),
        USUAL | {"anthropic": WHOLE, "anthropic streamed": STREAMED, "anthropic tool": TOOL,
                 "anthropic empty": ERRORS["empty"], "responses": WHOLE},
    ),
    Client("llamaindex", ("llama-index-llms-openai-like==0.8.1",), USUAL),
    Client(
        "instructor",
        ("instructor==1.17.0",),
        dict.fromkeys(("json", "json_schema", "streamed"), TOOL[1])
        | {"tool": TOOL, "usage": [PROMPT_TOKENS, 5]} | ERRORS,
    ),
    Client(
        "pydantic_ai",
        ("pydantic-ai-slim[openai,anthropic]==2.68.0",),
        USUAL | {"tool": [*TOOL, "word0 word1"], "anthropic": WHOLE, "anthropic streamed": STREAMED, "responses": WHOLE,
                 "responses streamed": STREAMED},
    ),
    Client(
        "llm",
        ("llm==0.36",),
        USUAL | {
            "streamed": WHOLE, "tool": ["word0 word1", "weather({'city': 'Seoul'})"],
            "unknown": [401, "this key is not known here"], "empty": [402, "the wallet is empty"],
        },
    ),
    Client(
        "aider",
        ("aider-chat==0.86.2",),
        {"whole": HELLO, "streamed": HELLO, "unknown": "AuthenticationError", "empty": "the wallet is empty"},
    ),
)  # fmt: skip


def python_of(client: Client) -> Path:
    """The interpreter of a client's environment, which is made where there is none of these versions."""
    folder = MADE / client.name
    python, stamp = folder / "bin" / "python", folder / ".made"
    wanted = "\n".join(client.packages)
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *client.packages]
        subprocess.run(install, check=True)
        stamp.write_text(wanted)
    return python


def drive(client: Client, python: Path, solvent: Solvent) -> str:
    """What is wrong with what a client saw; "" for nothing."""
    _, empty = solvent.customer()
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with tempfile.TemporaryDirectory() as home:
        environment = kept | {"URL": solvent.url, "KEY": solvent.key, "EMPTY_KEY": empty, "HOME": home}
        command = [str(python), str(SCRIPTS / f"drive_{client.name}.py")]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=DRIVEN_S_MAX, check=False
        )
    if done.returncode:
        return done.stderr[-2000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    wrong = {name for name in client.expected.keys() | seen.keys() if client.expected.get(name) != seen.get(name)}
    return "; ".join(f"{name}: {seen.get(name)!r}, not {client.expected.get(name)!r}" for name in sorted(wrong))


def outcome_of(client: Client, solvent: Solvent) -> str:
    """As `drive` says; also where a client cannot be had here, or never ends."""
    try:
        return drive(client, python_of(client), solvent)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as problem:
        return str(problem)


def main(names: list[str]) -> int:
    """Drive those named, or all. Returns the exit code: 1 where any saw something else than was sent."""
    if unknown := set(names) - {client.name for client in CLIENTS}:
        print(f"{', '.join(sorted(unknown))}: there are {', '.join(client.name for client in CLIENTS)}")
        return 2
    table = Table("client", "versions", "checks", "seconds", "outcome", box=None)
    problems: list[str] = []
    with Upstream() as upstream, tempfile.TemporaryDirectory() as folder:
        solvent = Solvent(Path(folder), CONFIG + scripted_model(upstream)).start()
        try:
            for client in CLIENTS:
                if names and client.name not in names:
                    continue
                began_s = time.monotonic()
                wrong = outcome_of(client, solvent)
                seconds = f"{time.monotonic() - began_s:.0f}"
                outcome = "FAILED" if wrong else "passed"
                table.add_row(client.name, " ".join(client.packages), str(len(client.expected)), seconds, outcome)
                if wrong:
                    problems.append(f"{client.name}: {wrong}")
        finally:
            solvent.stop()
    Console(width=110, markup=False).print(table)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
