"""What axe-core finds wrong with a page that stands still, in light and in dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_AXE = (Path(__file__).parent / "web" / "vendor" / "axe-core-4.14.1" / "axe.min.js").read_text()
_RUN = """async (rules) => {
  for (const each of document.getAnimations()) { try { each.finish(); } catch { each.cancel(); } }
  const run = await axe.run(document, {resultTypes: ['violations'], ...(rules.length ? {runOnly: rules} : {})});
  return run.violations.map(({id, nodes}) => `${id}: ${nodes.map(({html}) => html.slice(0, 200)).join(' ')}`);
}"""
COLOURS = ("color-contrast", "link-in-text-block")  # all that another theme changes


def violations(page: Page, *rules: str) -> list[str]:
    """What it finds, by rule, with the elements at fault. rules: only these; all when none is named.

    What moves is taken to its end first, for colours are measured.
    """
    if page.evaluate("!window.axe"):
        page.evaluate(_AXE)
    found: list[str] = page.evaluate(_RUN, list(rules))
    return found


def faults(page: Page) -> list[str]:
    """What is wrong with a page for whoever cannot see it well, dark and light, and whether it is too wide."""
    found = []
    themes: dict[str, tuple[str, ...]] = {"dark": COLOURS, "light": ()}
    for theme, rules in themes.items():
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
        found += [f"{theme} {one}" for one in violations(page, *rules)]
    wide: Any = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [*found, f"{wide} px too wide"] if wide > 0 else found
