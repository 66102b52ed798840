"""Let one guard look at some texts. Whether it could look at all is a matter of its rule."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from solvent.guarding.acts import Acts
from solvent.guarding.masking import by_text
from solvent.guarding.rule import Rule
from solvent.guards.port import Found, Text
from solvent.values.errors import Unavailable


async def look(rule: Rule, texts: Sequence[Text], acts: Acts) -> list[list[Found]]:
    """What it found in each text, by its place. A guard that failed and lets pass is not asked again for this answer.

    Raises Unavailable when it fails and nothing may pass.
    """
    if acts.has_failed(rule.name):
        return by_text((), len(texts))
    try:
        async with asyncio.timeout(rule.timeout_s):
            return by_text(await rule.guard.find(texts), len(texts))
    except Exception as wrong:  # a plug of somebody else's may raise anything; its words could repeat the text
        why = "took too long" if isinstance(wrong, TimeoutError) else f"failed ({type(wrong).__name__})"
    if rule.on_failure == "closed":
        acts.is_free = True
        raise Unavailable("guard_failed", f"guard {rule.name!r} {why}, so nothing passes; ask again in a moment")
    acts.fail(rule.name)
    return by_text((), len(texts))
