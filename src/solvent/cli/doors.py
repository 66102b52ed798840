"""The doors for people: customers' pages at /, operators' under /console, told apart by their paths."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from solvent.app.build import App
from solvent.chat.door import open_chat
from solvent.console.pages import Console
from solvent.gateway.chat_completions import chat_completions
from solvent.pages.drawing import Drawing
from solvent.pages.visitor import Visitors
from solvent.values.period import zone


def open_drawing(app: App) -> Drawing:
    """Draws the pages and letters of a running service."""
    return Drawing(app.config.people.name, zone(app.config.time_zone))


def open_doors(app: App, drawing: Drawing) -> ASGIApp:
    """Both, on a running service."""
    visitors = Visitors(
        app.database, lambda: app.desk.callers, app.desk.now_us,
        lambda: app.config.people.second_factor == "operators",
    )  # fmt: skip
    console, chat = Console(app, visitors, drawing), open_chat(app, visitors, drawing, chat_completions)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        is_operators = scope["type"] != "http" or scope["path"].startswith(Console.PATHS)
        await (console if is_operators else chat)(scope, receive, send)

    return serve
