"""A page of another origin in a real browser: it asks and reads where its origin is listed, and nowhere else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser
from tests.browsing import NewServer

pytestmark = pytest.mark.xdist_group("console")

# Asks whole and as a stream, as an app in a browser does; what is thrown is what the browser says of it.
ASK = """
async ([url, key]) => {
  const ask = async (stream) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ model: 'plain', stream, messages: [{ role: 'user', content: 'Hello' }] });
    const reply = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body });
    return [reply.status, reply.headers.get('x-request-id')?.slice(0, 4), await reply.text()];
  };
  try {
    return [await ask(false), await ask(true)];
  } catch (problem) {
    return String(problem);
  }
}
"""


class _Page(BaseHTTPRequestHandler):
    """An empty page, whatever is asked for."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>An app</title>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    """Where the page is, of two origins: 127.0.0.1 and localhost."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as pages:
        threading.Thread(target=pages.serve_forever, daemon=True).start()
        yield pages.server_port
        pages.shutdown()


def test_a_page_asks_from_an_origin_that_is_listed_and_from_no_other(
    port: int, browser: Browser, new_server: NewServer
) -> None:
    server = new_server(f'cors_origins = "http://localhost:{port}"\n')
    page = browser.new_page()
    page.goto(f"http://localhost:{port}/")
    (status, id, whole), (stream_status, stream_id, streamed) = page.evaluate(ASK, [server.url, server.key])
    assert (status, id, stream_status, stream_id) == (200, "ans_", 200, "ans_")
    assert "Hello" in whole
    assert streamed.endswith("data: [DONE]\n\n")
    assert page.evaluate(ASK, [server.url, "unknown"])[0][0] == 401, "errors are read too"
    page.goto(f"http://127.0.0.1:{port}/")
    assert page.evaluate(ASK, [server.url, server.key]) == "TypeError: Failed to fetch"
    page.close()
