"""Clients of others, as they are published, against the real server: each tells what it saw, and it is what was sent.

Those in `clients/` that need an environment of their own are driven by `make clients`: see drive_clients.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from tests.doors.server import Solvent
from tests.doors.upstream import PROMPT_TOKENS

pytestmark = pytest.mark.xdist_group("clients")

CLIENTS: Final = Path(__file__).parent / "clients"
# Of each client: what it calls a key that is unknown here, and a wallet that is empty.
PYTHON: Final = {
    "drive_openai.py": ("AuthenticationError", "APIStatusError"),
    "drive_anthropic.py": ("AuthenticationError", "PaymentRequiredError"),
}
JAVASCRIPT: Final = {
    "drive_openai.mjs": ("AuthenticationError", "APIError"),
    "drive_ai_sdk.mjs": ("AI_APICallError", "AI_APICallError"),
}


def drive(solvent: Solvent, *command: str) -> dict[str, Any]:
    """What a client saw that asked with a good key, an unknown one, and one of an empty wallet."""
    _, empty = solvent.customer()
    asked = {"URL": solvent.url, "KEY": solvent.key, "EMPTY_KEY": empty}
    done = subprocess.run(
        command, cwd=CLIENTS, env=os.environ | asked, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


def expect(seen: dict[str, Any], unknown: str, empty: str) -> None:
    """All that a client told of is what was sent."""
    assert "scripted" in seen.pop("models", ["scripted"])
    others = seen.pop("others", [])
    assert others in ([], ["word0 word1", "word0 word1", "word0 word1 word2 word3 word4"])
    assert seen.pop("response", "word0 word1") == "word0 word1"
    assert seen == {
        "whole": "word0 word1 word2",
        "streamed": "word0 word1 word2 ",
        "tool": ["weather", {"city": "Seoul"}],
        "usage": [PROMPT_TOKENS, 3],
        "unknown": [unknown, 401, "invalid_api_key"],
        "empty": [empty, 402, "wallet_empty"],
    }


@pytest.mark.parametrize("script", PYTHON)
def test_a_python_client_sees_what_was_sent(solvent: Solvent, script: str) -> None:
    expect(drive(solvent, sys.executable, script), *PYTHON[script])


@pytest.fixture(scope="module")
def node() -> str:
    """Node of this environment, with the packages of the lockfile. Without a network there are none: CI has one."""
    binaries = Path(sys.executable).parent
    lock, made = CLIENTS / "package-lock.json", CLIENTS / "node_modules" / ".package-lock.json"
    if not made.exists() or made.stat().st_mtime < lock.stat().st_mtime:
        command = [str(binaries / "npm"), "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=CLIENTS, capture_output=True, text=True, timeout=180, check=False)
        if done.returncode and "CI" not in os.environ:
            pytest.skip(f"the JavaScript packages cannot be had: {done.stderr[-400:]}")
        assert done.returncode == 0, done.stderr
    return str(binaries / "node")


@pytest.mark.parametrize("script", JAVASCRIPT)
def test_a_javascript_client_sees_what_was_sent(solvent: Solvent, node: str, script: str) -> None:
    expect(drive(solvent, node, script), *JAVASCRIPT[script])
