"""Downloads an open model from the Hugging Face hub, checks it, and puts it on sale.

What a file must be (size, sha256) is known before its first byte comes, so a partial file goes on with a plain
Range whichever server of the hub answers, and nothing gets its final name before both are right.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import quote, urljoin, urlsplit

import msgspec

from solvent.app.catalogue import Authority, OpenModel, Sums, add_entry, provenance
from solvent.values.errors import Conflict, Invalid, NotFound, Refused, Unavailable
from solvent.values.limits import MIB, UPSTREAM_CONNECT_S_MAX
from solvent.wire.origin import Origin
from solvent.wire.pool import Pool, Timeouts
from solvent.wire.reply import Reply

HUB = "https://huggingface.co"
HUB_VARIABLE = "SOLVENT_HUB"
FOLDER = "models"

REDIRECTS_MAX = 5
LISTING_BYTES_MAX = 8 * MIB  # the hub's list of a repository's files
FIRST_BYTE_S_MAX = 60.0
SILENCE_S_MAX = 60.0
DOWNLOAD_S_MAX = 86_400.0  # one connection; the next goes on where it was
ATTEMPTS_MAX = 100  # connections in one pull
FRUITLESS_MAX = 4  # of which so many in a row may bring nothing
RETRY_PAUSE_S = 1.0  # doubled with every fruitless attempt
DISK_RESERVE_BYTES = 256 * MIB  # left free for the books
READ_BYTES = MIB

_TIMEOUTS = Timeouts(UPSTREAM_CONNECT_S_MAX, FIRST_BYTE_S_MAX, SILENCE_S_MAX, DOWNLOAD_S_MAX)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({"upstream_cut_off", "upstream_timeout", "upstream_unreachable"})
_VISIBLE = re.compile(r"[\x21-\x7e]{1,8000}")  # an address, signature and all
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class Pulled(msgspec.Struct, frozen=True):
    """What one pull did. downloaded_bytes: in this run; resumed_bytes: what an earlier run had left."""

    model: str
    file: str
    size_bytes: int
    sha256: str
    checked_against: Authority
    downloaded_bytes: int
    resumed_bytes: int
    config_file: str
    entry_added: bool


class Watch(Protocol):
    """Who looks on: a progress bar, or lines."""

    def say(self, line: str) -> None:
        """Something worth a line happened."""

    def at(self, have_bytes: int, size_bytes: int) -> None:
        """So much is here of so much."""


def weights_file(data: Path, model: OpenModel) -> Path:
    """Where the model's weights are, or will be."""
    return data.resolve() / FOLDER / f"{model.name}.gguf"


def free_bytes_at(folder: Path) -> int:
    """Free bytes where a folder is, or would be made."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


async def pull(
    model: OpenModel, data: Path, config_file: Path, environment: Mapping[str, str], watch: Watch, *,
    free_bytes: Callable[[Path], int] = free_bytes_at, retry_pause_s: float = RETRY_PAUSE_S,
) -> Pulled:  # fmt: skip
    """Bring the model to DATA/models/NAME.gguf and its entry into the configuration; do only what is not done yet.

    Raises Unavailable or NotFound if the hub cannot give it, Refused without disk space, Conflict if another file
    or another pull is in its place, Invalid if the configuration could not take the entry. A partial file stays.
    """
    weights = weights_file(data, model)
    hub = Hub(environment.get(HUB_VARIABLE) or HUB)
    try:
        add_entry(model, weights, config_file, environment, None)  # what would fail later fails before the download
        sums = _known_sums(model, weights)
        if sums is None:
            watch.say(f"the list has no checksum of {model.name}: asking the hub for its own")
            sums = await hub.sums(model)
        partial = _Partial(weights.with_name(f"{weights.name}.part"), sums.size_bytes)
        if not await asyncio.to_thread(_is_installed, weights, sums, watch):
            try:
                await _download(hub, model, partial, watch, free_bytes, retry_pause_s)
                partial.install(weights, sums)
            finally:
                partial.close()
        added = add_entry(model, weights, config_file, environment, provenance(model, sums))
    except OSError as wrong:
        message = f"{wrong.filename or weights.parent} cannot be written: {wrong.strerror}; what arrived is kept"
        raise Unavailable("cannot_write", message) from None
    return Pulled(
        model.name, str(weights), sums.size_bytes, sums.sha256, sums.said_by,
        partial.received_bytes, partial.found_bytes, str(config_file), added,
    )  # fmt: skip


class Hub:
    """A Hugging Face hub or a mirror of it. It is asked as a stranger: no request carries a credential."""

    def __init__(self, base_url: str) -> None:
        try:
            self._base = Origin.parse(base_url)
        except Invalid as wrong:
            raise Invalid("bad_hub", f"{HUB_VARIABLE}: {wrong.message}", param=HUB_VARIABLE) from None
        if self._base.scheme == "http" and not _is_loopback(self._base):
            message = f"{HUB_VARIABLE}: a hub is reached by https; http is only for 127.0.0.1"
            raise Invalid("bad_hub", message, param=HUB_VARIABLE)

    @asynccontextmanager
    async def get(self, path: str, headers: Mapping[str, str]) -> AsyncIterator[Reply]:
        """The answer to one GET, after at most REDIRECTS_MAX redirects."""
        origin = self._base
        for _ in range(REDIRECTS_MAX + 1):
            pool = Pool(origin, connections_max=1, timeouts=_TIMEOUTS)
            try:
                reply = await pool.send("GET", path, headers)
                try:
                    if reply.status not in _REDIRECTS:
                        yield reply
                        return
                    origin, path = self._redirected(origin, path, reply.headers.get("location", ""))
                finally:
                    reply.close()
            finally:
                await pool.close()
        message = f"{self._base.authority} redirected more than {REDIRECTS_MAX} times (REDIRECTS_MAX)"
        raise Unavailable("hub_redirect_refused", message)

    async def sums(self, model: OpenModel) -> Sums:
        """What the hub says of the file now. Raises NotFound, or Unavailable if nothing useful comes."""
        path = f"/api/models/{quote(model.repository)}/tree/{quote(model.revision)}"
        try:
            async with self.get(path, {}) as reply:
                _check_status(reply, model)
                body = await reply.read(LISTING_BYTES_MAX)
        except Unavailable as wrong:
            raise _nothing_done(wrong) from None
        try:
            listing = msgspec.json.decode(body, type=list[_Listed])
        except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
            message = f"{self._base.authority} did not answer with a list of files: {wrong}"
            raise Unavailable("hub_garbage", message) from None
        for listed in listing:
            if listed.path == model.file and listed.lfs is not None:
                return Sums(listed.lfs.size, listed.lfs.oid, "the hub")
        raise _not_there(model)

    def _redirected(self, origin: Origin, path: str, location: str) -> tuple[Origin, str]:
        """Where to go next. Location is a stranger's word, and may hold a signature: no message repeats it."""
        here = f"{origin.scheme}://{origin.authority}{origin.prefix}{path}"
        try:
            parts = urlsplit(urljoin(here, location))
            target = Origin.parse(f"{parts.scheme}://{parts.netloc}")
            if not _VISIBLE.fullmatch(location):
                raise ValueError("not an address")
        except (ValueError, Invalid):
            message = f"{origin.authority} redirected to an address that cannot be used, or that carries a password"
            raise Unavailable("hub_redirect_refused", message) from None
        plain_is_fine = self._base.scheme == "http" and _is_loopback(target)
        if target.scheme != "https" and not plain_is_fine:
            message = f"{origin.authority} redirected away from https, to {target.authority}: not followed"
            raise Unavailable("hub_redirect_refused", message)
        return target, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


class _Lfs(msgspec.Struct):
    oid: str
    size: int

    def __post_init__(self) -> None:
        if not re.fullmatch("[0-9a-f]{64}", self.oid) or self.size <= 0:
            raise ValueError("lfs.oid is no sha256, or lfs.size is not above 0")


class _Listed(msgspec.Struct):
    path: str
    lfs: _Lfs | None = None


class _Partial:
    """NAME.gguf.part: `have_bytes` of it are on disk and in the digest. One pull holds it at a time."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        self.path = path
        self.size_bytes = size_bytes
        self.have_bytes = self.found_bytes = self.received_bytes = 0
        self._digest = hashlib.sha256()
        self._file: BinaryIO | None = None

    def read(self) -> None:
        """Take in what an earlier run left. What is too long cannot be right and is begun again."""
        if not self.path.is_file() or self.path.stat().st_size > self.size_bytes:
            return
        with self.path.open("rb") as left:
            while part := left.read(READ_BYTES):
                self._digest.update(part)
                self.have_bytes += len(part)
        self.found_bytes = self.have_bytes

    def take(self) -> None:
        """Open and lock it. Raises Conflict if another pull is at it."""
        if self._file is not None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("ab")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict("pull_under_way", f"another pull is writing {self.path}; wait for it") from None
        if self._file.tell() < self.have_bytes:
            raise Conflict("pull_under_way", f"{self.path} changed in between; pull again")
        self._file.truncate(self.have_bytes)

    def restart(self) -> None:
        assert self._file is not None, "a partial file is taken before it changes"
        self._file.truncate(0)
        self._digest = hashlib.sha256()
        self.have_bytes = self.found_bytes = 0

    def write(self, part: bytes) -> None:
        assert self._file is not None, "a partial file is taken before it changes"
        self._file.write(part)
        self._digest.update(part)
        self.have_bytes += len(part)
        self.received_bytes += len(part)

    def install(self, weights: Path, sums: Sums) -> None:
        """Give it its final name. Raises Unavailable if it is not what it must be; it is useless then, and removed."""
        self.take()
        assert self._file is not None, "taken"
        self._file.flush()
        got = self._digest.hexdigest()
        if self.path.stat().st_size != sums.size_bytes or got != sums.sha256:
            self.path.unlink()
            message = (
                f"the file does not match and was not installed: its sha256 is {got}, "
                f"{sums.said_by} says {sums.sha256}; the download was removed, pull again or tell us"
            )
            raise Unavailable("checksum_mismatch", message)
        os.fsync(self._file.fileno())
        _sum_file(weights).write_text(f"{got}  {weights.name}\n", encoding="ascii")
        self.path.replace(weights)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


async def _download(
    hub: Hub, model: OpenModel, partial: _Partial, watch: Watch, free_bytes: Callable[[Path], int], retry_pause_s: float
) -> None:
    """Fill the partial file, over as many connections as it takes within the limits."""
    await asyncio.to_thread(partial.read)
    needed = partial.size_bytes - partial.have_bytes
    free = free_bytes(partial.path.parent)
    if needed and free < needed + DISK_RESERVE_BYTES:
        message = (
            f"{model.name} needs {needed:,} bytes in {partial.path.parent} and {DISK_RESERVE_BYTES:,} must stay free, "
            f"but only {free:,} are; make room or name another --data"
        )
        raise Refused("no_disk_space", message)
    if partial.have_bytes:
        watch.say(f"going on at {partial.have_bytes:,} of {partial.size_bytes:,} bytes")
    fruitless = 0
    for attempt in range(1, ATTEMPTS_MAX + 1):
        before = partial.have_bytes
        if before == partial.size_bytes:
            return
        try:
            await _attempt(hub, model, partial, watch)
        except Unavailable as wrong:
            if partial.received_bytes == 0:
                raise _nothing_done(wrong) from None
            fruitless = 0 if partial.have_bytes > before else fruitless + 1
            if wrong.code not in _PASSING or fruitless > FRUITLESS_MAX or attempt == ATTEMPTS_MAX:
                message = f"stopped at {partial.have_bytes:,} of {partial.size_bytes:,} bytes: {wrong.message}"
                raise Unavailable(wrong.code, f"{message} What arrived is kept: pull again to go on.") from None
            watch.say(f"{wrong.message} Going on at {partial.have_bytes:,} bytes.")
            await asyncio.sleep(retry_pause_s * 2**fruitless)


async def _attempt(hub: Hub, model: OpenModel, partial: _Partial, watch: Watch) -> None:
    """One connection: append what it brings."""
    headers = {"range": f"bytes={partial.have_bytes}-"} if partial.have_bytes else {}
    path = f"/{quote(model.repository)}/resolve/{quote(model.revision)}/{quote(model.file)}"
    async with hub.get(path, headers) as reply:
        _check_status(reply, model)
        begins_at = _begins_at(reply, partial)
        partial.take()
        if begins_at != partial.have_bytes:
            watch.say("the hub does not resume this file: starting again")
            partial.restart()
        async with aclosing(reply.chunks(partial.size_bytes - partial.have_bytes)) as chunks:
            async for chunk in chunks:
                partial.write(chunk)
                watch.at(partial.have_bytes, partial.size_bytes)
    if partial.have_bytes < partial.size_bytes:
        raise Unavailable("upstream_cut_off", "the hub ended its answer too early.")


def _begins_at(reply: Reply, partial: _Partial) -> int:
    """The offset of the body's first byte: 0, or what was asked for. Raises Unavailable for another file."""
    size = reply.headers.get("content-length", "")
    begins_at = 0
    if reply.status == 206:
        found = _RANGE.fullmatch(reply.headers.get("content-range", ""))
        begins_at, size = (int(found[1]), found[2]) if found else (-1, "")
    if begins_at not in (0, partial.have_bytes) or (size.isdigit() and int(size) != partial.size_bytes):
        message = f"the hub's file has another size or part than expected ({partial.size_bytes:,} bytes)"
        raise Unavailable("hub_other_file", f"{message}; the list of models may be out of date.")
    return begins_at


def _check_status(reply: Reply, model: OpenModel) -> None:
    if reply.status in (200, 206):
        return
    if reply.status == 404:
        raise _not_there(model)
    if reply.status in (401, 403):
        message = f"the hub does not give {model.repository} to strangers ({reply.status}): gone, or behind a login."
        raise Unavailable("hub_refused", message, upstream_status=reply.status)
    raise Unavailable("hub_failed", f"the hub answered {reply.status}; try again later.", upstream_status=reply.status)


def _not_there(model: OpenModel) -> NotFound:
    message = f"the hub has no {model.file} in {model.repository} at {model.revision}; the list may be out of date"
    return NotFound("no_such_hub_file", message)


def _nothing_done(wrong: Unavailable) -> Unavailable:
    if wrong.code not in _PASSING:
        return wrong
    return Unavailable("hub_unreachable", f"the hub cannot be reached, nothing was changed. {wrong.message}")


def _known_sums(model: OpenModel, weights: Path) -> Sums | None:
    """What the list says, or what an earlier download noted beside the file."""
    if model.verified:
        return Sums(model.size_bytes, model.sha256, "the list")
    noted = _sum_file(weights)
    if not weights.is_file() or not noted.is_file():
        return None
    sha256 = noted.read_text(encoding="ascii", errors="replace").partition(" ")[0]
    return Sums(weights.stat().st_size, sha256, "the earlier download")


def _is_installed(weights: Path, sums: Sums, watch: Watch) -> bool:
    """Raises Conflict if something else has its name: it may be somebody's."""
    if not weights.exists():
        return False
    watch.say(f"{weights.name} is there already: checking it")
    with weights.open("rb") as file:
        got = hashlib.file_digest(file, "sha256").hexdigest()
    if got != sums.sha256:
        message = f"{weights} is another file than {sums.said_by} says (sha256 {got}); move it away and pull again"
        raise Conflict("other_file", message)
    return True


def _sum_file(weights: Path) -> Path:
    """`sha256sum -c` reads it too."""
    return weights.with_name(f"{weights.name}.sha256")


def _is_loopback(origin: Origin) -> bool:
    try:
        return ip_address(origin.host).is_loopback
    except ValueError:
        return origin.host == "localhost"
