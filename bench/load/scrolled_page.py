"""A long page scrolled from its top to its end: how many frames took too long, and how much there is on it."""

import msgspec
from playwright.sync_api import BrowserContext

LONG_MS = 50
# Walks down in 120 steps, one each frame, and tells how long every frame took.
_SCROLL = """
() => new Promise((done) => {
  const place = document.scrollingElement;
  const step = Math.max(1, (place.scrollHeight - innerHeight) / 120);
  const took = [];
  let last = performance.now();
  const walk = (now) => {
    took.push(now - last);
    last = now;
    scrollBy(0, step);
    if (took.length < 130) requestAnimationFrame(walk);
    else done(took.slice(2));
  };
  requestAnimationFrame(walk);
})
"""


class Scrolled(msgspec.Struct, frozen=True):
    """rows: lines of tables; nodes: all elements of the page; long_frames: those over LONG_MS."""

    rows: int
    nodes: int
    frames: int
    long_frames: int
    longest_ms: float


def scrolled(context: BrowserContext, url: str) -> Scrolled:
    """Open a page and walk down to its end."""
    page = context.new_page()
    reply = page.goto(url, wait_until="load")
    assert reply is not None
    assert reply.status == 200, url
    page.wait_for_timeout(500)
    took: list[float] = page.evaluate(_SCROLL)
    found = Scrolled(
        rows=page.locator("tbody tr").count(), nodes=page.locator("*").count(), frames=len(took),
        long_frames=sum(one > LONG_MS for one in took), longest_ms=round(max(took), 1),
    )  # fmt: skip
    page.close()
    return found
