"""What makes the chat something that can be installed: its name, its icons and where it begins."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from solvent.pages.visit import Visit

_SIZES: Final = (192, 512)


async def show_manifest(visit: Visit) -> Response:
    """The manifest, as browsers read it."""
    icons = [
        {"src": f"/static/icons/{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size in _SIZES
        for purpose in ("any", "maskable")
    ]
    told = {
        "name": visit.house, "short_name": visit.house, "start_url": "/", "scope": "/", "display": "standalone",
        "background_color": "#ffffff", "theme_color": "#ffffff", "lang": visit.visitor.language, "icons": icons,
    }  # fmt: skip
    response = visit.json(told)
    response.headers["content-type"] = "application/manifest+json"
    return response
