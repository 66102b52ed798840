"""`solvent serve`: answers, meters, charges and books, until it is told to stop; in one process or several."""

from __future__ import annotations

import logging
from pathlib import Path

import click
import uvloop

from solvent.app.directory import Directory
from solvent.cli.options import config_option, data_option, load_config
from solvent.cli.serving import Serving, bind, serve, tune
from solvent.cli.workers import Workers
from solvent.values.limits import WORKERS_MAX


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one.")
@data_option
@config_option
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, WORKERS_MAX), help="Processes that answer."
)
@click.option("--shared", is_flag=True, help="Serve beside other processes that share these books.")
@click.option("--demo", is_flag=True, help="Let 40 simulated customers ask the house model.")
def command(
    host: str,
    port: int,
    data: Path,
    config_file: Path | None,
    workers: int,
    shared: bool,  # noqa: FBT001
    demo: bool,  # noqa: FBT001
) -> None:
    """Start the service: an OpenAI-compatible API, its books, and a live page at /."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    config, near = load_config(config_file, data)
    directory = Directory(data.resolve(), shared=shared)
    try:
        tune()
        if workers == 1:
            serving = Serving(bind(host, port), host, directory, config, near, demo=demo)
            uvloop.run(serve(serving, lambda welcome: _say(welcome, serving.url)))
        else:
            if not shared:
                bind(host, port).close()  # raises where another service listens there
            serving = Serving(bind(host, port, together=True), host, directory, config, near, demo=demo)
            Workers(serving, workers, lambda welcome: _say(f"{welcome}\nworkers   {workers}", serving.url)).run()
    finally:
        directory.release()


def _say(welcome: str, url: str) -> None:
    click.echo(f"{welcome}\nready {url}")
