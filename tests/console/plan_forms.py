"""The form of a plan as a browser would send it, read off a page."""

from __future__ import annotations

from html.parser import HTMLParser


class _Form(HTMLParser):
    """Fields of the form with a preview; what a template element holds is not sent."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._is_in = False
        self._templates = 0
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "form":
            self._is_in = "data-preview" in said
        if tag == "template":
            self._templates += 1
        if not self._is_in or self._templates:
            return
        name, value = said.get("name") or "", said.get("value") or ""
        if tag == "input" and (said.get("type") != "checkbox" or "checked" in said):
            self.fields[name] = value
        elif tag == "select":
            self._select = name
        elif tag == "option" and (self._select not in self.fields or "selected" in said):
            self.fields[self._select] = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self._templates -= 1
        if tag == "form":
            self._is_in = False


def form_on(page: str) -> dict[str, str]:
    """What would be sent, if nothing were changed."""
    form = _Form()
    form.feed(page)
    assert form.fields, "there is no editor on this page"
    return form.fields
