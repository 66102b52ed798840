"""One process that answers, meters, charges and books, until told to stop: alone, or one of several workers."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn

from solvent.app.batches import Batches
from solvent.app.build import App, first_run, open_app
from solvent.app.config import Config
from solvent.app.directory import Directory, FirstRunKeys
from solvent.app.peers import ALONE, Peers
from solvent.app.reload import reload
from solvent.app.simulations import Simulations
from solvent.app.videos import FilmCrew
from solvent.chat.news_post import NewsPost
from solvent.cli.demo import run_demo
from solvent.cli.doors import open_doors, open_drawing
from solvent.cli.logs import log_answer
from solvent.gateway.asgi import Gateway
from solvent.gateway.other_origins import OtherOrigins
from solvent.gateway.protocol import BoundedHttp
from solvent.values.errors import Invalid, SolventError
from solvent.values.limits import (
    ACCRUE_S,
    ASKED_RUN_TENDED_S,
    AVAILABILITY_S,
    BATCHES_TENDED_S,
    CLOSE_S,
    CONNECTIONS_MAX,
    LEASE_TENDED_S,
    LOOK_BESIDE_S,
    NEWS_S,
    RENEW_S,
    SHUTDOWN_S_MAX,
    SWEEP_S,
    VIDEOS_TENDED_S,
)

log = logging.getLogger("solvent")
of_settings = logging.getLogger("solvent.settings")

THIS_PROGRAM: Final = (sys.executable, "-P", "-m", "solvent.cli.main")  # -P: nothing of the folder it runs in
BACKLOG = 4096  # connections that wait to be accepted


@dataclass(frozen=True)
class Serving:
    """What one process serves, and from where. Of several workers, only the first does what a machine does once.

    listening: bound, and not listening yet. read_again: the settings as they are written now; SIGHUP asks for that.
    peers: the other workers beside it. books: the options that name them to a command.
    """

    listening: socket.socket
    host: str
    directory: Directory
    config: Config
    near: Path
    demo: bool = False
    logs_answers: bool = False
    is_first: bool = True
    read_again: Callable[[], Config] | None = None
    books: tuple[str, ...] = ()
    peers: Peers = ALONE

    @property
    def url(self) -> str:
        """Where it is reached."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.listening.getsockname()[1]}"


def bind(host: str, port: int, *, together: bool = False) -> socket.socket:
    """A socket of that address. together: beside others of this user that are bound so, too. Raises Invalid."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if together:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        bound.bind((host, port))
    except OSError as wrong:
        bound.close()
        raise _taken(host, port, wrong) from None
    return bound


def _taken(host: str, port: int, wrong: OSError) -> Invalid:
    message = f"cannot listen on {host} port {port}: {wrong.strerror or wrong}; choose another with --port"
    return Invalid("port_taken", message)


def tune() -> None:
    """Allow many sockets, and collect less often: answers make little garbage that is cyclic. But not so seldom that
    what looks at the books leaves megabytes of it, as statements do: 50,000 objects came together in ten minutes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS_MAX + 256
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    gc.set_threshold(10_000, 20, 50)


async def serve(serving: Serving, say_ready: Callable[[str], None], told_to_stop: int = -1) -> None:
    """Serve until a signal says to stop. say_ready: given what there is to say, once requests are accepted.

    told_to_stop: a pipe that closes when nobody is left to say so.
    """
    sys.set_asyncgen_hooks(firstiter=None)  # whoever begins a generator here also closes it: no need to list them all
    app = await open_app(serving.directory, serving.config, serving.near)
    try:
        serving.listening.listen(BACKLOG)
    except OSError as wrong:  # who started at the same moment may have bound it too, and was quicker
        await app.close(SHUTDOWN_S_MAX)
        raise _taken(serving.host, serving.listening.getsockname()[1], wrong) from None
    keys = await first_run(app, serving.url)
    if serving.logs_answers:
        app.desk.listeners.append(log_answer)
    drawing = open_drawing(app)
    gateway = Gateway(app, open_doors(app, drawing), serving.peers)
    server = uvicorn.Server(
        uvicorn.Config(
            OtherOrigins(app, gateway), interface="asgi3", http=BoundedHttp, loop="none", lifespan="off", ws="none",
            log_config=None, access_log=False, proxy_headers=False, server_header=False, date_header=False,
            backlog=BACKLOG, timeout_keep_alive=75, limit_concurrency=CONNECTIONS_MAX,
            timeout_graceful_shutdown=int(SHUTDOWN_S_MAX),
        )
    )  # fmt: skip
    accepting = asyncio.create_task(server.serve(sockets=[serving.listening]))
    chores = _chores(app, serving, Batches(app, gateway.ask_inside), NewsPost(app, drawing))
    chores.append(asyncio.create_task(serving.peers.answer_them(gateway.metrics.told)))
    _stop_on_signals(app, server, told_to_stop)
    _reload_on_signal(app, serving)
    while not server.started and not accepting.done():  # noqa: ASYNC110  # uvicorn offers no event
        await asyncio.sleep(0.01)
    if accepting.done():
        accepting.result()  # raises what kept it from starting: never say ready then
    gc.freeze()  # what is here now stays: never look at it again
    say_ready(_welcome(serving, keys, app))
    await accepting
    for chore in chores:
        chore.cancel()
    await asyncio.wait(chores)
    await app.close(SHUTDOWN_S_MAX)


def _stop_on_signals(app: App, server: uvicorn.Server, told_to_stop: int) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        app.stop.set()
        server.should_exit = True
        if told_to_stop >= 0:
            loop.remove_reader(told_to_stop)

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
    if told_to_stop >= 0:
        loop.add_reader(told_to_stop, stop)


def _reload_on_signal(app: App, serving: Serving) -> None:
    turn = asyncio.Lock()

    async def read_again() -> None:
        async with turn:
            await _reload(app, serving)

    if serving.read_again is not None:
        begin = app.background.start
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, lambda: begin(read_again()))


async def _reload(app: App, serving: Serving) -> None:
    """Take in the settings as they are written now. Wrong ones are refused, and the former ones stay in force."""
    assert serving.read_again is not None
    try:
        waiting = await reload(app, serving.read_again())
    except SolventError as wrong:
        of_settings.error(
            "the settings are wrong and the former ones stay in force: %s", " ".join(wrong.message.split())
        )
    except Exception:
        of_settings.exception("the settings could not be read again; the former ones stay in force")
    else:
        models = ", ".join(app.desk.routes)
        of_settings.info("the settings are in force; models: %s%s", models, _words_of(waiting))


def _words_of(waiting: tuple[str, ...]) -> str:
    return f"; these wait for a restart: {', '.join(waiting)}" if waiting else ""


def _chores(app: App, serving: Serving, batches: Batches, news: NewsPost) -> list[asyncio.Task[None]]:
    """What goes on beside the answers, each at its own pace. What is about the books is done by one worker for all."""
    of_books = (
        (app.renew, RENEW_S), (app.accrue, ACCRUE_S), (app.sweep, SWEEP_S), (app.close_months, CLOSE_S),
        (news.post, NEWS_S),
    )  # fmt: skip
    of_each = (
        (app.tend, LEASE_TENDED_S), (app.live.look_beside, LOOK_BESIDE_S), (batches.tend, BATCHES_TENDED_S),
        (FilmCrew(app).tend, VIDEOS_TENDED_S), (app.book_availability, AVAILABILITY_S),
        (Simulations(app, THIS_PROGRAM, serving.books).tend, ASKED_RUN_TENDED_S),
    )  # fmt: skip
    chores = of_each + (of_books if serving.is_first else ())
    tasks = [asyncio.create_task(_every(seconds, chore)) for chore, seconds in chores]
    if serving.demo and serving.is_first:
        tasks.append(asyncio.create_task(run_demo(app)))
    return tasks


async def _every(seconds: float, chore: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await chore()
        except Exception:  # a disk that is full now may not be in a minute
            log.exception("a chore failed: %s; that is tried again", chore.__name__)


def _welcome(serving: Serving, keys: FirstRunKeys, app: App) -> str:
    path, url = serving.directory.path, serving.url
    lines = [f"data      {path}"]
    if app.lost_holds:
        lines.append(f"recovered {app.lost_holds} holds of answers that a crash cut off; nothing was charged for them")
    lines.append(f"models    {', '.join(app.desk.routes) or 'none: add [[models]] to solvent.toml'}")
    if keys.api_key:
        lines += [
            f"API       {url}/v1  with the key  {keys.api_key}",
            f"chat      {url}",
            f"console   {url}/console#{keys.operator_key}",
            f"keys are kept in {path / 'first-run.json'}",
        ]
    if serving.demo:
        lines.append("demo      40 simulated customers are asking the house model; receipts follow")
    return "\n".join(lines)
