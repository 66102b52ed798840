"""A picture that a phone reads, as SVG in the page: nothing of it is a file, nor sent anywhere else."""

from __future__ import annotations

from markupsafe import Markup


def qr(text: str) -> Markup:
    """The code of a text, dark on light whatever the page is, as readers need it."""
    import segno  # where somebody sets up an app

    drawn = segno.make_qr(text, error="m").svg_inline(
        scale=4, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True
    )
    return Markup(drawn)  # noqa: S704 - of segno alone: the text is in it as squares
