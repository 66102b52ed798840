"""Random rate cards and usages, for the tests of every room that rates."""

from __future__ import annotations

from hypothesis import strategies as st
from msgspec.structs import replace

from solvent.pricing.exchange import Exchange
from solvent.pricing.rate_card import RateCard
from solvent.values.money import MINOR_DIGITS
from solvent.values.usage import BUCKETS, Usage

CURRENCIES = st.sampled_from(sorted(MINOR_DIGITS))
PICOS = st.one_of(st.none(), st.integers(0, 10**9), st.integers(0, 10**18))
TOKEN_FIELDS = ("input_picos", "cached_input_picos", "cache_write_5m_picos", "cache_write_1h_picos", "output_picos",
                "reasoning_picos")  # fmt: skip
HOUR_FIELDS = ("engine_hour_picos", "kilowatt_hour_picos")


def usages(tokens_most: int = 10**10, *, engine: bool = True) -> st.SearchStrategy[Usage]:
    """Usages whose buckets are each up to `tokens_most`; with engine time and energy or without."""
    sizes = {name: tokens_most if name.endswith("_tokens") else 10**13 * engine for name in BUCKETS}
    return st.builds(
        Usage, **{name: st.one_of(st.integers(0, min(9, most)), st.integers(0, most)) for name, most in sizes.items()}
    )


def cards(*, by_the_hour: bool = True, currency: st.SearchStrategy[str] = CURRENCIES) -> st.SearchStrategy[RateCard]:
    """Cards with any prices, any of them missing."""
    fields = (*TOKEN_FIELDS, "answer_picos", *(HOUR_FIELDS if by_the_hour else ()))
    prices = dict.fromkeys(fields, PICOS)
    return st.builds(RateCard, st.just("card"), currency, st.just(0), st.just("made up"), **prices)


PARTS = st.integers(1, 10**9)
EXCHANGES = st.builds(Exchange, CURRENCIES, CURRENCIES, PARTS, PARTS, st.just(0), st.just("made up"))


def exchange_of(card: RateCard, drawn: Exchange) -> Exchange:
    """The same rate, from the card's currency."""
    return replace(drawn, base=card.currency)
