"""One page as a browser that was never here before opens it: what was sent until its first paint, when it listens.

The processor is slowed down, as a phone's is; times are the browser's own, bytes what came over the wire with headers.
"""

from typing import Any

import msgspec
from playwright.sync_api import BrowserContext, Page

SLOWED = 4  # times slower than this machine
QUIET_MS = 1_000  # after which what comes late (the font) has begun


class Opened(msgspec.Struct, frozen=True):
    """bytes_before_paint: all that had come when something stood on the screen. bytes_of_page: without the font.

    paint_ms: until then. listens_ms: until every script of the page had run and clicks are answered.
    """

    bytes_before_paint: int
    bytes_of_page: int
    bytes_of_font: int
    paint_ms: float
    listens_ms: float


class _Seen:
    """What the browser tells of its network."""

    def __init__(self) -> None:
        self.paths: dict[str, str] = {}
        self.began: list[float] = []
        self.ends: dict[str, tuple[float, int]] = {}

    def hear(self, cdp: Any) -> None:
        cdp.on("Network.requestWillBeSent", self._began)
        cdp.on("Network.loadingFinished", self._ended)

    def _began(self, told: dict[str, Any]) -> None:
        self.paths[told["requestId"]] = told["request"]["url"]
        self.began.append(told["timestamp"])

    def _ended(self, told: dict[str, Any]) -> None:
        self.ends[told["requestId"]] = told["timestamp"], int(told["encodedDataLength"])


def opened(context: BrowserContext, url: str, slowed: int = SLOWED) -> Opened:
    """Open a page of whoever is signed in there, with nothing kept from before."""
    context.clear_cookies(name="solvent_font")
    page: Page = context.new_page()
    cdp, seen = context.new_cdp_session(page), _Seen()
    seen.hear(cdp)
    cdp.send("Network.enable")
    cdp.send("Network.setCacheDisabled", {"cacheDisabled": True})
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": slowed})
    page.goto(url, wait_until="load")
    page.wait_for_timeout(QUIET_MS)
    paint_ms = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    ran_ms = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    painted_s = seen.began[0] + paint_ms / 1000  # the first request is the page's own
    sizes = {path: seen.ends.get(id, (0.0, 0)) for id, path in seen.paths.items()}
    page.close()
    return Opened(
        bytes_before_paint=sum(size for at, size in sizes.values() if at <= painted_s),
        bytes_of_page=sum(size for path, (_, size) in sizes.items() if "pretendard" not in path),
        bytes_of_font=sum(size for path, (_, size) in sizes.items() if "pretendard" in path),
        paint_ms=paint_ms,
        listens_ms=max(paint_ms, ran_ms),
    )
