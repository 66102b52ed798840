"""Random rate cards and usages, for the tests of every room that rates."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st
from msgspec.structs import replace

from solvent.pricing.exchange import Exchange
from solvent.pricing.rate_card import INPUT_FIELDS, OUTPUT_FIELDS, RateCard
from solvent.values.money import MINOR_DIGITS
from solvent.values.usage import BUCKETS, Usage

CURRENCIES = st.sampled_from(sorted(MINOR_DIGITS))
ONLY = {code: st.just(code) for code in MINOR_DIGITS}
PICOS = st.one_of(st.none(), st.integers(0, 10**9), st.integers(0, 10**18))
TOKEN_FIELDS = INPUT_FIELDS + OUTPUT_FIELDS
# The bucket of each price that is paid for every piece used.
USED = {field: field.replace("_picos", "_tokens") for field in TOKEN_FIELDS} | {
    "web_search_picos": "web_searches", "picture_picos": "pictures", "character_picos": "characters",
    "video_second_picos": "video_seconds",
}  # fmt: skip
HOUR_FIELDS = ("engine_hour_picos", "kilowatt_hour_picos")
EDGES = st.lists(st.integers(1, 10**6), unique=True, max_size=3).map(sorted)


@cache
def usages(tokens_most: int = 10**10, *, engine: bool = True) -> st.SearchStrategy[Usage]:
    """Usages whose buckets are each up to `tokens_most`; with engine time and energy or without."""
    sizes = {name: 10**13 * engine if name in ("engine_us", "energy_uj") else tokens_most for name in BUCKETS}
    counts = [st.one_of(st.integers(0, min(9, most)), st.integers(0, most)) for most in sizes.values()]
    # Not `st.builds`, which looks at the types of the arguments for every example.
    return st.tuples(*counts).map(lambda drawn: Usage(**dict(zip(sizes, drawn, strict=True))))


@cache
@st.composite
def cards(
    draw: st.DrawFn, *, by_the_hour: bool = True, currency: st.SearchStrategy[str] = CURRENCIES, tiers: bool = True
) -> RateCard:
    """Cards with any prices, any of them missing, in whole picos or parts of them, with tiers or without."""
    fields = (*USED, "answer_picos", "audio_input_minute_picos", *(HOUR_FIELDS if by_the_hour else ()))
    parts = draw(st.one_of(st.just(1), st.integers(2, 10**6)))

    def priced(**more: object) -> RateCard:
        prices = {field: draw(PICOS) for field in fields}
        return RateCard("card", code, 0, "made up", parts=parts, **prices, **more)  # type: ignore[arg-type]

    code = draw(currency)
    edges = draw(EDGES) if tiers and draw(st.booleans()) else []
    return priced(tiers=tuple(priced(above_tokens=edge) for edge in edges))


PARTS = st.integers(1, 10**9)
EXCHANGES = st.builds(Exchange, CURRENCIES, CURRENCIES, PARTS, PARTS, st.just(0), st.just("made up"))


def exchange_of(card: RateCard, drawn: Exchange) -> Exchange:
    """The same rate, from the card's currency."""
    return replace(drawn, base=card.currency)
