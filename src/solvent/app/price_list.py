"""The price list of the `genai-prices` package, an extra: read as plain values, nothing else of it is used."""

from __future__ import annotations

from collections.abc import Collection
from importlib.metadata import version
from typing import Any

from solvent.pricing.published import Conditional, Published, Tiered, Variant
from solvent.values.errors import Invalid, NotFound, Unavailable


def published_prices(providers: Collection[str], models: Collection[str]) -> list[Published]:
    """What the installed list says of some providers and models, by its own names; empty means all.

    Raises Unavailable("no_price_list") without the package, NotFound for a name that is not in it.
    """
    try:
        from genai_prices.data import providers as listed  # half a second, and only an extra
    except ImportError:
        message = "the price list is not installed; add it with: pip install 'solvent[prices]'"
        raise Unavailable("no_price_list", message) from None
    unknown = sorted(set(providers) - {provider.id for provider in listed})
    if unknown:
        known = ", ".join(provider.id for provider in listed)
        message = f"the price list has no provider {unknown[0]!r}; it has: {known}"
        raise NotFound("not_in_price_list", message, param="provider")
    source = f"genai-prices {version('genai-prices')}"
    chosen = [
        _published(provider, model, source)
        for provider in listed
        if not providers or provider.id in providers
        for model in provider.models
        if not models or model.id in models
    ]
    unknown = sorted(set(models) - {one.model for one in chosen})
    if unknown:
        of = f" of {', '.join(providers)}" if providers else ""
        message = f"the price list has no model {unknown[0]!r}{of}; write it as the list does"
        raise NotFound("not_in_price_list", message, param="model")
    return chosen


def _published(provider: Any, model: Any, source: str) -> Published:
    prices = model.prices if isinstance(model.prices, list) else [model]
    pages = provider.pricing_urls or []
    return Published(
        provider.id,
        model.id,
        [_conditional(one) for one in prices],
        [Variant(dict(one.when), _conditional(one)) for one in model.price_variants or ()],
        source=", ".join([source, *pages[:1]]),
    )


def _conditional(one: Any) -> Conditional:
    """Prices with the time they hold. A model whose prices never changed has no constraint."""
    prices = {key: _tiered(price) for key, price in vars(one.prices).items() if price is not None}
    constraint = getattr(one, "constraint", None)
    if constraint is None:
        return Conditional(prices)
    if hasattr(constraint, "start_date"):
        return Conditional(prices, start_date=constraint.start_date.isoformat())
    if hasattr(constraint, "start_time"):
        start, end = constraint.start_time, constraint.end_time
        if start.utcoffset() or end.utcoffset():
            raise Invalid("bad_price_list", f"hours from {start} until {end} are not in UTC")
        return Conditional(prices, hours=(f"{start:%H:%M}", f"{end:%H:%M}"))
    kind = type(constraint).__name__
    raise Invalid("bad_price_list", f"this version of Solvent does not know prices with a {kind}; update it")


def _tiered(price: Any) -> Tiered:
    tiers = tuple((tier.start, f"{tier.price:f}") for tier in getattr(price, "tiers", ()))
    return Tiered(f"{getattr(price, 'base', price):f}", tiers)
