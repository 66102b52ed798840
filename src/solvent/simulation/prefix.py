"""A cache of prompt beginnings: of a prompt the last blocks are dropped first, as one is of no use without all before.

Source: vLLM, Automatic Prefix Caching (docs.vllm.ai/en/latest/design/prefix_caching, 2026-11-28); capacities and hit
rates: Qin et al., Mooncake (FAST 2025), table 1.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from solvent.simulation.formats import BLOCK_TOKENS
from solvent.values.errors import Invalid
from solvent.values.limits import PREFIX_CACHE_TOKENS_MAX


class PrefixCache:
    """Of so many tokens, for one after the other in the order of time."""

    def __init__(self, tokens: int) -> None:
        """Raises Invalid for a capacity out of range."""
        if not 0 <= tokens <= PREFIX_CACHE_TOKENS_MAX:
            message = f"--prefix-cache {tokens}: a cache holds 0 to {PREFIX_CACHE_TOKENS_MAX:,} tokens"
            raise Invalid("bad_trace", message, param="prefix_cache")
        self.tokens = tokens
        self._blocks_max = tokens // BLOCK_TOKENS
        self._held: OrderedDict[int, None] = OrderedDict()  # the least recently used first

    def read(self, blocks: Sequence[int], tokens: int) -> int:
        """How many of a prompt's tokens were there; afterwards all of it is."""
        held = self._held
        known = next((place for place, block in enumerate(blocks) if block not in held), len(blocks))
        for block in reversed(blocks):
            held.pop(block, None)
            held[block] = None
        while len(held) > self._blocks_max:
            held.popitem(last=False)
        return min(known * BLOCK_TOKENS, tokens)
