"""`solvent serve`: answers, meters, charges and books, until it is told to stop; in one process or several."""

from __future__ import annotations

from pathlib import Path

import click
import uvloop

from solvent.app.config import Config
from solvent.app.directory import Directory
from solvent.app.running import Running
from solvent.cli.logs import LogFormat, set_up
from solvent.cli.options import config_option, data_option, find_config, load_config
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
@click.option(
    "--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Of lines on stderr."
)
@click.option("--log-answers", is_flag=True, help="Log a line for each answer, without its words.")
@click.option("--demo", is_flag=True, help="Let 40 simulated customers ask the house model.")
def command(
    host: str, port: int, data: Path, config_file: Path | None, workers: int, shared: bool,  # noqa: FBT001
    log_format: LogFormat, log_answers: bool, demo: bool,  # noqa: FBT001
) -> None:  # fmt: skip
    """Start the service: an OpenAI-compatible API, its books, the chat at /, and the console at /console.

    SIGTERM lets answers end and stops; SIGHUP reads the settings again.
    """
    set_up(log_format)
    config, near = load_config(config_file, data)
    directory = Directory(data.resolve(), shared=shared)
    running = Running(directory.path)

    def read_again() -> Config:
        return load_config(config_file, data)[0]

    try:
        tune()
        if workers > 1 and not shared:
            bind(host, port).close()  # raises where another service listens there
        listening = bind(host, port, together=workers > 1)
        serving = Serving(
            listening, host, directory, config, near, demo=demo, logs_answers=log_answers, read_again=read_again,
            books=_named(data, find_config(config_file, data)),
        )  # fmt: skip
        if workers == 1:
            uvloop.run(serve(serving, lambda welcome: _say(welcome, serving.url)))
        else:
            Workers(serving, workers, lambda welcome: _say(f"{welcome}\nworkers   {workers}", serving.url)).run()
    finally:
        running.leave()
        directory.release()


def _named(data: Path, config_file: Path | None) -> tuple[str, ...]:
    return f"--data={data.resolve()}", *([f"--config={config_file.resolve()}"] if config_file else [])


def _say(welcome: str, url: str) -> None:
    click.echo(f"{welcome}\nready {url}")
