"""A picture in a message, on its way from one dialect to another."""

from __future__ import annotations

from typing import Any

import msgspec

from solvent.bridging.words import not_bridged


class Picture(msgspec.Struct, frozen=True):
    """url: an https address, or a data URL."""

    url: str

    @property
    def inline(self) -> tuple[str, str] | None:
        """Its media type and its base64; None for one that has to be fetched."""
        if not self.url.startswith("data:"):
            return None
        media_type, _, data = self.url[5:].partition(";base64,")
        return media_type, data


def parts(content: Any) -> list[str | Picture]:
    """The texts and pictures of chat's content, in order. Raises Invalid for a part that is neither."""
    if content is None or isinstance(content, str):
        return [content] if content else []
    found: list[str | Picture] = []
    for part in content if isinstance(content, list) else [content]:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "image_url":
            found.append(Picture(_url(part.get("image_url"))))
        elif kind in ("text", "refusal"):
            text = part.get("text") or part.get("refusal") or ""
            if isinstance(text, str) and text:
                found.append(text)
        else:
            raise not_bridged("messages")
    return found


def _url(said: Any) -> str:
    url = said.get("url") if isinstance(said, dict) else None
    if not isinstance(url, str):
        raise not_bridged("messages")
    return url


def inline_only(picture: Picture) -> tuple[str, str]:
    """Its media type and base64, for a dialect that fetches nothing. Raises Invalid for an address."""
    if picture.inline is None:
        raise not_bridged("messages", "this model's provider fetches no pictures; send each as a data URL")
    return picture.inline
