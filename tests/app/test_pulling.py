"""Pulling a model from a real local hub that redirects, cuts off, ignores ranges, lies, and is not there."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from solvent.app.catalogue import OpenModel
from solvent.app.config import read_config
from solvent.app.pulling import DISK_RESERVE_BYTES, REDIRECTS_MAX, Pulled, free_bytes_at, pull
from solvent.cli import pull as door
from solvent.values.errors import Conflict, Invalid, NotFound, Refused, SolventError, Unavailable

WEIGHTS = b"GGUF\x03\x00\x00\x00" + random.Random(7).randbytes(3 * 2**20 + 123)
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()
PIECE = 64 * 1024
MODEL = OpenModel(
    name="tiny", title="Tiny", repository="maker/tiny-GGUF", revision="main", file="tiny-Q4.gguf", licence="MIT",
    licence_url="https://example.com/licence", commercial_use=True, languages=("ko",), context_tokens=2048,
    context_tokens_max=4096, output_tokens_max=512, seats=2, memory_gib=1, cost_card="open-models-cost",
    price_card="open-models-1b-price", verified=True, source="test", checked="2026-11-24", size_bytes=len(WEIGHTS),
    sha256=SHA256,
)  # fmt: skip
UNVERIFIED = msgspec.structs.replace(MODEL, verified=False, size_bytes=0, sha256="")


class LocalHub(ThreadingHTTPServer):
    """A hub on a loopback port; tests change its manners."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hub)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.weights = WEIGHTS
        self.status = 0  # of every answer, when above 0
        self.locations: list[str] = []  # redirects still to come
        self.cuts: list[int] = []  # bytes after which the next answers are cut off
        self.ranges = True
        self.wrong_range = False
        self.hang_after = 0
        self.listing: bytes | None = None
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.served_bytes = 0
        self.released = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that left is no news."""


class _Hub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LocalHub

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        hub = self.server
        hub.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        if hub.status:
            self._answer(hub.status, b"no", {})
        elif hub.locations:
            self._answer(302, b"", {"location": hub.locations.pop(0)})
        elif self.path.startswith("/api/models/maker/tiny-GGUF/tree/main"):
            lfs = {"oid": hashlib.sha256(hub.weights).hexdigest(), "size": len(hub.weights)}
            listing = [{"type": "file", "path": "README.md", "size": 9}, {"path": MODEL.file, "lfs": lfs}]
            self._answer(200, json.dumps(listing).encode() if hub.listing is None else hub.listing, {})
        elif self.path.startswith(("/maker/tiny-GGUF/resolve/main/tiny-Q4.gguf", "/cdn/")):
            self._weights(hub)
        else:
            self._answer(404, b"no such file", {})

    def _weights(self, hub: LocalHub) -> None:
        begin = int(self.headers.get("range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        if not hub.ranges or begin == 0:
            self._answer(200, hub.weights, {})
        else:
            shown = begin + 1 if hub.wrong_range else begin
            size = len(hub.weights)
            self._answer(206, hub.weights[begin:], {"content-range": f"bytes {shown}-{size - 1}/{size}"})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        hub = self.server
        self.send_response(status)
        for name, value in (headers | {"content-length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        end = hub.cuts.pop(0) if status in (200, 206) and hub.cuts else len(body)
        for at in range(0, end, PIECE):
            if hub.hang_after and at >= hub.hang_after:
                hub.released.wait(10)
            self.wfile.write(body[at : min(at + PIECE, end)])
            hub.served_bytes += min(at + PIECE, end) - at
        if end < len(body):
            self.close_connection = True


class Lines:
    """What a person would see."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.seen: list[tuple[int, int]] = []

    def say(self, line: str) -> None:
        self.said.append(line)

    def at(self, have_bytes: int, size_bytes: int) -> None:
        self.seen.append((have_bytes, size_bytes))


@pytest.fixture
def hubs() -> Iterator[tuple[LocalHub, LocalHub]]:
    """A hub and a CDN: two origins."""
    both = LocalHub(), LocalHub()
    threads = [threading.Thread(target=hub.serve_forever, args=(0.01,), daemon=True) for hub in both]
    for thread in threads:
        thread.start()
    yield both
    for hub, thread in zip(both, threads, strict=True):
        hub.released.set()
        hub.shutdown()
        hub.server_close()
        thread.join()


@pytest.fixture
def hub(hubs: tuple[LocalHub, LocalHub]) -> LocalHub:
    return hubs[0]


def _pull(hub: LocalHub | str, data: Path, model: OpenModel = MODEL, watch: Lines | None = None, **more: Any) -> Pulled:
    environment = {"SOLVENT_HUB": hub if isinstance(hub, str) else hub.url}
    work = pull(model, data, data / "solvent.toml", environment, watch or Lines(), retry_pause_s=0.001, **more)
    return asyncio.run(work)


def _failure(hub: LocalHub | str, data: Path, model: OpenModel = MODEL, **more: Any) -> SolventError:
    with pytest.raises(SolventError) as caught:
        _pull(hub, data, model, **more)
    assert "\n" not in caught.value.message
    return caught.value


def test_pulls_verifies_and_puts_on_sale(hubs: tuple[LocalHub, LocalHub], tmp_path: Path) -> None:
    hub, cdn = hubs
    hub.locations = ["/maker/tiny-GGUF/resolve/main/tiny-Q4.gguf?renamed=1", f"{cdn.url}/cdn/a%2Fb?signature=x%3D&y=1"]
    pulled = _pull(hub, tmp_path / "data", watch=(watch := Lines()))
    weights = tmp_path / "data" / "models" / "tiny.gguf"
    assert weights.read_bytes() == WEIGHTS
    assert cdn.asked[0][0] == "/cdn/a%2Fb?signature=x%3D&y=1"
    assert pulled.checked_against == "the list"
    assert (pulled.downloaded_bytes, pulled.resumed_bytes, pulled.entry_added) == (len(WEIGHTS), 0, True)
    assert watch.seen[-1] == (len(WEIGHTS), len(WEIGHTS))
    assert sorted(file.name for file in weights.parent.iterdir()) == ["tiny.gguf", "tiny.gguf.sha256"]
    assert (weights.parent / "tiny.gguf.sha256").read_text() == f"{SHA256}  tiny.gguf\n"
    assert read_config(tmp_path / "data" / "solvent.toml", {}).models[0].file == "models/tiny.gguf"
    assert not any({"authorization", "cookie"} & set(headers) for _, headers in hub.asked + cdn.asked)


def test_a_second_pull_downloads_nothing_and_changes_nothing(hub: LocalHub, tmp_path: Path) -> None:
    _pull(hub, tmp_path)
    before = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in tmp_path.rglob("*") if file.is_file()}
    asked = len(hub.asked)
    pulled = _pull("http://127.0.0.1:9", tmp_path)  # not even a hub is needed
    assert (pulled.downloaded_bytes, pulled.entry_added, len(hub.asked)) == (0, False, asked)
    assert before == {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in tmp_path.rglob("*.*")}


def test_goes_on_by_itself_after_cuts_and_asks_only_for_the_rest(hub: LocalHub, tmp_path: Path) -> None:
    hub.cuts = [PIECE * 10, PIECE * 20]
    _pull(hub, tmp_path, watch=(watch := Lines()))
    ranges = [headers.get("range") for _, headers in hub.asked]
    assert ranges == [None, f"bytes={PIECE * 10}-", f"bytes={PIECE * 30}-"]
    assert hub.served_bytes == len(WEIGHTS)
    assert len(watch.said) == 2


def test_gives_up_after_named_limits_keeps_the_part_and_the_next_pull_goes_on(hub: LocalHub, tmp_path: Path) -> None:
    hub.cuts = [PIECE * 10] + [0] * 20
    failure = _failure(hub, tmp_path)
    assert "kept" in failure.message
    assert len(hub.asked) == 6  # one that brought something, then FRUITLESS_MAX + 1 that did not
    assert (tmp_path / "models" / "tiny.gguf.part").stat().st_size == PIECE * 10
    assert not (tmp_path / "solvent.toml").exists()
    hub.cuts = []
    pulled = _pull(hub, tmp_path)
    assert (pulled.resumed_bytes, pulled.downloaded_bytes) == (PIECE * 10, len(WEIGHTS) - PIECE * 10)
    assert hub.served_bytes == len(WEIGHTS)


def test_a_hub_that_ignores_ranges_starts_again_and_ends_right(hub: LocalHub, tmp_path: Path) -> None:
    hub.ranges = False
    hub.cuts = [PIECE * 10]
    pulled = _pull(hub, tmp_path, watch=(watch := Lines()))
    assert (tmp_path / "models" / "tiny.gguf").read_bytes() == WEIGHTS
    assert any("starting again" in line for line in watch.said)
    assert pulled.downloaded_bytes == len(WEIGHTS) + PIECE * 10


def test_a_part_that_is_too_long_is_begun_again_and_a_whole_one_needs_no_hub(hub: LocalHub, tmp_path: Path) -> None:
    part = tmp_path / "models" / "tiny.gguf.part"
    part.parent.mkdir()
    part.write_bytes(WEIGHTS + b"more")
    assert Path(_pull(hub, tmp_path).file).read_bytes() == WEIGHTS
    other = tmp_path / "other"
    (other / "models").mkdir(parents=True)
    (other / "models" / "tiny.gguf.part").write_bytes(WEIGHTS)
    assert _pull("http://127.0.0.1:9", other).downloaded_bytes == 0


def test_a_wrong_byte_is_not_installed_and_the_message_says_so(hub: LocalHub, tmp_path: Path) -> None:
    hub.weights = WEIGHTS[:-1] + bytes([WEIGHTS[-1] ^ 1])
    failure = _failure(hub, tmp_path)
    assert failure.code == "checksum_mismatch"
    assert "not installed" in failure.message
    assert SHA256 in failure.message
    assert not list((tmp_path / "models").iterdir())
    assert not (tmp_path / "solvent.toml").exists()


def test_another_file_at_the_hub_is_noticed_before_its_bytes_come(hub: LocalHub, tmp_path: Path) -> None:
    hub.weights = WEIGHTS + b"x"
    assert _failure(hub, tmp_path).code == "hub_other_file"
    assert not list(tmp_path.iterdir())
    hub.weights = WEIGHTS
    hub.cuts = [PIECE * 10]
    hub.wrong_range = True  # and so is a part that was not asked for
    assert _failure(hub, tmp_path).code == "hub_other_file"


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [(404, NotFound, "no tiny-Q4.gguf"), (401, Unavailable, "strangers"), (503, Unavailable, "503")],
)
@pytest.mark.parametrize("model", [MODEL, UNVERIFIED], ids=["verified", "unverified"])
def test_a_hub_that_will_not_give_it_changes_nothing(
    hub: LocalHub, tmp_path: Path, model: OpenModel, status: int, kind: type[SolventError], said: str
) -> None:
    hub.status = status
    failure = _failure(hub, tmp_path, model)
    assert isinstance(failure, kind)
    assert said in failure.message
    assert not list(tmp_path.iterdir())


def test_redirects_that_are_not_followed(hubs: tuple[LocalHub, LocalHub], tmp_path: Path) -> None:
    hub, cdn = hubs
    for location in (
        f"http://user:secret@127.0.0.1:{cdn.server_address[1]}/cdn/x", "http://example.com/x", "ftp://127.0.0.1/x",
        "//[::bad/x", "file:///etc/passwd",
    ):  # fmt: skip
        hub.locations = [location]
        failure = _failure(hub, tmp_path)
        assert failure.code == "hub_redirect_refused"
        assert "secret" not in failure.message
    hub.locations = ["/again"] * (REDIRECTS_MAX + 2)
    assert "REDIRECTS_MAX" in _failure(hub, tmp_path).message
    assert not cdn.asked
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("url", ["http://example.com", "ftp://127.0.0.1", "https://user:secret@127.0.0.1", "x"])
def test_a_hub_address_that_is_not_safe_is_refused(tmp_path: Path, url: str) -> None:
    failure = _failure(url, tmp_path)
    assert isinstance(failure, Invalid)
    assert "SOLVENT_HUB" in failure.message
    assert "secret" not in failure.message


def test_without_a_published_checksum_the_hubs_is_used_said_and_noted(hub: LocalHub, tmp_path: Path) -> None:
    pulled = _pull(hub, tmp_path, UNVERIFIED, watch := Lines())
    assert (pulled.checked_against, pulled.sha256, pulled.size_bytes) == ("the hub", SHA256, len(WEIGHTS))
    assert "no checksum" in watch.said[0]
    assert f"{len(WEIGHTS)} bytes, sha256 {SHA256}, checked against the hub" in (tmp_path / "solvent.toml").read_text()
    again = _pull("http://127.0.0.1:9", tmp_path, UNVERIFIED)
    assert (again.checked_against, again.downloaded_bytes) == ("the earlier download", 0)


@pytest.mark.parametrize("listing", [b"<html>", b'[{"path": "tiny-Q4.gguf", "lfs": {"oid": "x", "size": 1}}]', b"[]"])
def test_a_listing_that_says_nothing_useful(hub: LocalHub, tmp_path: Path, listing: bytes) -> None:
    hub.listing = listing
    assert _failure(hub, tmp_path, UNVERIFIED).code in ("hub_garbage", "no_such_hub_file")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_found_before_anything_is_asked(hub: LocalHub, tmp_path: Path) -> None:
    enough = len(WEIGHTS) + DISK_RESERVE_BYTES
    failure = _failure(hub, tmp_path, free_bytes=lambda _: enough - 1)
    assert isinstance(failure, Refused)
    assert f"{len(WEIGHTS):,}" in failure.message
    assert not hub.asked
    assert _pull(hub, tmp_path, free_bytes=lambda _: enough).entry_added
    assert free_bytes_at(tmp_path / "not" / "yet") > 0


def test_somebody_elses_file_or_pull_is_not_disturbed(hub: LocalHub, tmp_path: Path) -> None:
    weights = tmp_path / "models" / "tiny.gguf"
    weights.parent.mkdir()
    weights.write_bytes(b"mine")
    assert isinstance(_failure(hub, tmp_path), Conflict)
    assert weights.read_bytes() == b"mine"
    weights.unlink()
    with weights.with_name("tiny.gguf.part").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert _failure(hub, tmp_path).code == "pull_under_way"


def test_what_could_not_be_written_later_is_one_line_now(hub: LocalHub, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    assert _failure(hub, tmp_path).code == "cannot_write"
    hub.asked.clear()
    (tmp_path / "solvent.toml").write_text("currency = ")
    assert isinstance(_failure(hub, tmp_path), Invalid)
    assert not hub.asked


SCRIPT = """
import pathlib, sys, msgspec
from solvent.app.catalogue import OpenModel
from solvent.cli import main, pull
from solvent.cli.models import command
command.add_command(pull.pull)
if len(sys.argv) > 4:
    tiny = msgspec.json.decode(pathlib.Path(sys.argv.pop()).read_bytes(), type=OpenModel)
    pull.read_catalogue = lambda: {"tiny": tiny}
main.main()
"""


def _start(folder: Path, url: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "models", "pull", *words], cwd=folder, text=True,
        env=os.environ | {"SOLVENT_HUB": url}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_an_unreachable_hub_is_exactly_one_line_and_exit_1(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        run = _start(tmp_path, f"http://127.0.0.1:{taken.getsockname()[1]}", "qwen3-0.6b")
        out, err = run.communicate(timeout=20)
    assert (run.returncode, out) == (1, "")
    assert err.count("\n") == 1
    assert "the hub cannot be reached, nothing was changed" in err
    assert not list(tmp_path.iterdir())


def test_ctrl_c_keeps_what_arrived_and_the_next_pull_goes_on(hub: LocalHub, tmp_path: Path) -> None:
    hub.hang_after = PIECE * 16
    note = tmp_path / "tiny.json"
    note.write_bytes(msgspec.json.encode(MODEL))
    run = _start(tmp_path, hub.url, "tiny", str(note))
    part = tmp_path / "solvent-data" / "models" / "tiny.gguf.part"
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not (part.exists() and part.stat().st_size):
        time.sleep(0.01)
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=10)
    assert run.returncode == 130
    assert "kept" in err
    assert "Traceback" not in err
    kept = part.stat().st_size
    assert kept > 0
    hub.hang_after = 0
    assert _pull(hub, tmp_path / "solvent-data").resumed_bytes == kept


def test_the_door_tells(hub: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = CliRunner().invoke
    research = msgspec.structs.replace(MODEL, commercial_use=False, licence_note="for research only")
    monkeypatch.setattr(door, "read_catalogue", lambda: {"tiny": research})
    monkeypatch.setenv("SOLVENT_HUB", hub.url)
    monkeypatch.chdir(tmp_path)
    pulled = run(door.pull, ["tiny", "--data", "d", "--yes", "--json"])
    assert json.loads(pulled.stdout)["sha256"] == SHA256
    assert "tiny: 100 % of 3 MB" in pulled.stderr
    assert "no commercial use" in (tmp_path / "d" / "solvent.toml").read_text()
    again = run(door.pull, ["tiny", "--data", "d", "--yes"])
    assert "nothing to download" in again.stdout
    assert "left as it is" in again.stdout
