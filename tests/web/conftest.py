"""One still page with every piece on it, under the policy that the product's pages have, in a real browser."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from tests.browsing import ARGUMENTS, COMPLAINTS, chromium

HERE = Path(__file__).parent
WEB = HERE.parents[1] / "src" / "solvent" / "web"
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types dompurify"
)

NewPage = Callable[..., Page]


def _page(_request: Request) -> Response:
    return FileResponse(HERE / "still.html", headers={"content-security-policy": POLICY})


async def _echo(request: Request) -> Response:
    if request.headers.get("x-csrf") != "token-1":
        return JSONResponse({"error": {"code": "forged", "message": "no token"}}, 403)
    return JSONResponse({"said": await request.json()})


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the still page is served."""
    routes = [
        Route("/", _page),
        Route("/echo", _echo, methods=["POST"]),
        Mount("/static", StaticFiles(directory=WEB)),
        Mount("/tests", StaticFiles(directory=HERE)),
    ]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a file's tests."""
    where = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=where, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The still page, shared by a file's tests: each writes what it looks at anew."""
    context = browser.new_context(locale="en-US", timezone_id="Asia/Seoul")
    context.add_init_script(COMPLAINTS)
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.on("pageerror", lambda error: print("page:", error))
    page.on("console", lambda said: print("page:", said.text))
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    yield page
    context.close()


def complaints(page: Page) -> Any:
    """What the page's policy stopped, and what called alert."""
    return page.evaluate("window.complaints")
