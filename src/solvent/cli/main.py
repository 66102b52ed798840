"""The command `solvent` and what its commands share: the two folders, and errors in one line."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

import click

from solvent import __version__
from solvent.app.asked import FOR
from solvent.values.errors import Invalid, Refused, SolventError

EXIT_MEND = 2  # something the person who typed it must mend
EXIT_FAILED = 1
EXIT_STOPPED = 130

_COMMANDS = {
    "serve": "Start the service.",
    "report": "Print the profit and loss.",
    "tail": "Show answers as they are settled.",
    "customers": "Open, list, suspend and close customers; their keys.",
    "operators": "The keys that run the place.",
    "plans": "Look at plans and whether they earn; publish, withdraw, move.",
    "subscriptions": "Put customers on plans, change and cancel them; packs.",
    "wallet": "Look at what customers may spend; give and ask for money.",
    "coupons": "Add coupons, and take them for customers.",
    "budgets": "Set budgets of keys, users, customers and plans.",
    "invoices": "Look at invoices, print and credit them.",
    "payments": "Look at payments; confirm, refund, charge, book payouts.",
    "providers": "Record what providers were paid.",
    "bills": "Hold what providers bill against the books.",
    "months": "Close months; profit and loss, balance sheets, statements.",
    "ledger": "Look at accounts and transfers; verify and export the books.",
    "alarms": "List what a person must look at.",
    "audit": "List who changed what.",
    "log": "List and read the request log; forget a customer's part of it.",
    "models": "List, test and download models.",
    "prices": "Look at prices, import them, hold them beside another list, correct them.",
    "simulate": "Replay traffic through plans and prices.",
    "size": "Say what an answer costs on hardware, before anybody buys it.",
    "config": "Show every setting, its value and what it is for.",
    "house-model": "Build and score the embedded house model.",
}


_OF_EXTRAS = {"numpy": "simulation", "duckdb": "simulation"}


class Commands(click.Group):
    """Loads a command's file only when it is asked for, so that --help is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """See click.Group."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """See click.Group."""
        if cmd_name not in _COMMANDS:
            return None
        try:
            module = __import__(f"solvent.cli.{cmd_name.replace('-', '_')}", fromlist=["command"])
        except ModuleNotFoundError as missing:
            if missing.name not in _OF_EXTRAS:
                raise
            extra = _OF_EXTRAS[missing.name]
            message = f"solvent {cmd_name} needs {missing.name}; install it with: pip install 'solvent[{extra}]'"
            raise Invalid("no_extra", message) from None
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """See click.Group."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="solvent")
def solvent() -> None:
    """Run a generative-AI service that pays for itself."""


def _stop(_signal: int, _frame: FrameType | None) -> None:
    """Ctrl-C: at once. Left to itself, asyncio hears it at the next `await`, and forgets it where none comes."""
    raise KeyboardInterrupt


def main() -> None:
    """The entry point: every error we raise on purpose becomes one line and an exit code."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop)
    if FOR in os.environ:
        from solvent.cli.asked import run_asked

        sys.exit(run_asked(lambda: solvent(standalone_mode=False)))
    try:
        solvent(standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):  # a second Ctrl-C, or one that click did not hear
        sys.exit(EXIT_STOPPED)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(EXIT_MEND)
    except SolventError as wrong:
        click.echo(f"solvent: {' '.join(wrong.message.split())}", err=True)  # a parser's words may be many lines
        sys.exit(EXIT_MEND if isinstance(wrong, Invalid | Refused) else EXIT_FAILED)


if __name__ == "__main__":
    main()
