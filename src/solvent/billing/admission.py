"""May this question be asked now, and how much of the wallet is set aside for it? A verdict, not an error."""

from __future__ import annotations

from typing import Literal

import msgspec

from solvent.values.money import Money

Declination = Literal["wallet_empty", "request_exceeds_balance", "balance_held"]


class Admitted(msgspec.Struct, frozen=True):
    """Go ahead. output_tokens_max may be less than was asked: it is what the wallet affords."""

    hold: Money
    output_tokens_max: int


class Declined(msgspec.Struct, frozen=True):
    """No. `may_retry`: only other answers under way stand in between."""

    code: Declination
    needed: Money
    available: Money
    may_retry: bool


class Terms(msgspec.Struct, frozen=True):
    """What the question would come to, worked out by pricing.

    quote: for all the output that was asked. input_quote: for the input and one token.
    affordable_output_tokens: with what is available now.
    """

    quote: Money
    input_quote: Money
    output_tokens_asked: int
    affordable_output_tokens: int


def admit(terms: Terms, available: Money, posted: Money) -> Admitted | Declined:
    """posted: the wallet with nothing set aside; available: less what is held for answers under way.

    A wallet that affords some but not all of the output is admitted with all that is available:
    whatever is not used returns. (facts/API_CONTRACT.md: clamp rather than refuse.)
    """
    if terms.quote <= available:
        return Admitted(terms.quote, terms.output_tokens_asked)
    if terms.affordable_output_tokens >= 1:
        return Admitted(available, min(terms.affordable_output_tokens, terms.output_tokens_asked))
    if posted.grains <= 0:
        return Declined("wallet_empty", terms.input_quote, available, may_retry=False)
    if terms.input_quote <= posted:
        return Declined("balance_held", terms.input_quote, available, may_retry=True)
    return Declined("request_exceeds_balance", terms.input_quote, available, may_retry=False)
