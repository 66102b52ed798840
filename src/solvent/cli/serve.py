"""`solvent serve`: one process that answers, meters, charges and books, until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import click
import uvicorn
import uvloop

from solvent.app.build import App, first_run, open_app
from solvent.app.config import Config
from solvent.app.directory import Directory, FirstRunKeys
from solvent.cli.demo import run_demo
from solvent.cli.options import config_option, data_option, load_config
from solvent.console.pages import Console
from solvent.gateway.asgi import Gateway
from solvent.gateway.protocol import BoundedHttp
from solvent.values.errors import Invalid
from solvent.values.limits import ACCRUE_S, CLOSE_S, CONNECTIONS_MAX, LEASE_TENDED_S, RENEW_S, SHUTDOWN_S_MAX, SWEEP_S

log = logging.getLogger("solvent")

BACKLOG = 4096  # connections that wait to be accepted


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one.")
@data_option
@config_option
@click.option("--shared", is_flag=True, help="Serve beside other processes that share these books.")
@click.option("--demo", is_flag=True, help="Let 40 simulated customers ask the house model.")
def command(host: str, port: int, data: Path, config_file: Path | None, shared: bool, demo: bool) -> None:  # noqa: FBT001
    """Start the service: an OpenAI-compatible API, its books, and a live page at /."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    config, near = load_config(config_file, data)
    directory = Directory(data.resolve(), shared=shared)
    try:
        listening = _listen(host, port)
        _allow_many_sockets()
        _tune()
        uvloop.run(_serve(listening, host, directory, config, near, demo=demo))
    finally:
        directory.release()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as wrong:
        listening.close()
        raise _taken(host, port, wrong) from None
    return listening


def _taken(host: str, port: int, wrong: OSError) -> Invalid:
    message = f"cannot listen on {host} port {port}: {wrong.strerror or wrong}; choose another with --port"
    return Invalid("port_taken", message)


def _allow_many_sockets() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS_MAX + 256
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _tune() -> None:
    """Answers make little garbage that is cyclic: collect less often."""
    gc.set_threshold(50_000, 20, 50)


async def _serve(
    listening: socket.socket, host: str, directory: Directory, config: Config, near: Path, *, demo: bool
) -> None:
    app = await open_app(directory, config, near)
    url = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"
    try:
        listening.listen(BACKLOG)
    except OSError as wrong:  # who started at the same moment may have bound it too, and was quicker
        await app.close(SHUTDOWN_S_MAX)
        raise _taken(host, listening.getsockname()[1], wrong) from None
    keys = await first_run(app, url)
    console = Console(app)
    server = uvicorn.Server(
        uvicorn.Config(
            Gateway(app, console), http=BoundedHttp, loop="none", lifespan="off", ws="none", log_config=None,
            access_log=False, proxy_headers=False, server_header=False, date_header=False, backlog=BACKLOG,
            timeout_keep_alive=75, limit_concurrency=CONNECTIONS_MAX, timeout_graceful_shutdown=int(SHUTDOWN_S_MAX),
        )
    )  # fmt: skip
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    chores = _chores(app)
    if demo:
        chores.append(asyncio.create_task(run_demo(app)))
    _stop_on_signals(app, server)
    while not server.started and not serving.done():  # noqa: ASYNC110  # uvicorn offers no event
        await asyncio.sleep(0.01)
    if serving.done():
        serving.result()  # raises what kept it from starting: never say ready then
    gc.freeze()  # what is here now stays: never look at it again
    _welcome(url, directory, keys, app, demo=demo)
    await serving
    for chore in chores:
        chore.cancel()
    await asyncio.wait(chores)
    await app.close(SHUTDOWN_S_MAX)


def _stop_on_signals(app: App, server: uvicorn.Server) -> None:
    def stop() -> None:
        app.stop.set()
        server.should_exit = True

    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop)


def _chores(app: App) -> list[asyncio.Task[None]]:
    """What goes on beside the answers, each at its own pace."""
    chores = (
        (app.tend, LEASE_TENDED_S), (app.renew, RENEW_S), (app.accrue, ACCRUE_S), (app.sweep, SWEEP_S),
        (app.close_months, CLOSE_S),
    )  # fmt: skip
    return [asyncio.create_task(_every(seconds, chore)) for chore, seconds in chores]


async def _every(seconds: float, chore: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await chore()
        except Exception:  # a disk that is full now may not be in a minute
            log.exception("a chore failed: %s; that is tried again", chore.__name__)


def _welcome(url: str, directory: Directory, keys: FirstRunKeys, app: App, *, demo: bool) -> None:
    lines = [f"data      {directory.path}"]
    if app.lost_holds:
        lines.append(f"recovered {app.lost_holds} holds of answers that a crash cut off; nothing was charged for them")
    lines.append(f"models    {', '.join(app.desk.routes) or 'none: add [[models]] to solvent.toml'}")
    if keys.api_key:
        lines += [
            f"API       {url}/v1  with the key  {keys.api_key}",
            f"live page {url}/#{keys.operator_key}",
            f"keys are kept in {directory.path / 'first-run.json'}",
        ]
    if demo:
        lines.append("demo      40 simulated customers are asking the house model; receipts follow")
    click.echo("\n".join(lines))
    click.echo(f"ready {url}")
    sys.stdout.flush()
