"""The command `aider`, as it is published, writing a file. Prints one line: what came of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

URL, KEY, EMPTY_KEY = os.environ["URL"], os.environ["KEY"], os.environ["EMPTY_KEY"]
HERE = Path(os.environ["HOME"]) / "aider"
SAID = "hello.txt\n```\nHello from Solvent\n```\n"
# aider's own words come before what it is asked, so the script rides beside them.
BESIDE = {"extra_body": {"script": {"text": SAID}}}
SETTINGS = [{"name": "openai/scripted", "edit_format": "whole", "extra_params": BESIDE}]


def aider(key: str, *options: str) -> subprocess.Popen[str]:
    environment = os.environ | {"OPENAI_API_BASE": f"{URL}/v1", "OPENAI_API_KEY": key}
    command = [
        str(Path(sys.executable).parent / "aider"), "--model", "openai/scripted", "--message", "Say hello",
        "--no-git", "--yes-always", "--no-check-update", "--no-show-model-warnings", "--analytics-disable",
        "--no-pretty", "--no-fancy-input", *options, "hello.txt",
    ]  # fmt: skip
    return subprocess.Popen(
        command, env=environment, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def edited(*options: str) -> str:
    (HERE / "hello.txt").write_text("")
    said, _ = aider(KEY, *options).communicate(timeout=100)
    return (HERE / "hello.txt").read_text() or said


def caught(key: str) -> str:
    """What it says first. An empty wallet it asks again for a minute, whatever it is told: nobody waits for that."""
    process, said = aider(key), ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if found := re.search(r"AuthenticationError|the wallet is empty", said):
            process.kill()
            return found[0]
    return said


HERE.mkdir()
(HERE / ".aider.model.settings.yml").write_text(json.dumps(SETTINGS))
told = {
    "streamed": edited(),
    "whole": edited("--no-stream"),
    "unknown": caught("sk-solvent-unknown"),
    "empty": caught(EMPTY_KEY),
}
print(json.dumps(told))
