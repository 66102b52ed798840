"""Receipts and balances as JSON: amounts are exact decimal texts; customers never see what we pay."""

from __future__ import annotations

from solvent.answering.receipt import Receipt
from solvent.app.report_body import UJ_PER_WATT_HOUR, decimals
from solvent.ledger.balance import Movement
from solvent.ledger.beancount import amount
from solvent.ledger.pot import Pot
from solvent.values.instant import NEVER_US, iso
from solvent.values.money import MINOR_DIGITS, Money, plain


def receipt_for_customer(receipt: Receipt) -> dict[str, object]:
    """What the customer may know of an answer: all but our cost, provider and margin."""
    used = receipt.usage
    return {
        "id": receipt.id,
        "object": "answer.receipt",
        "at": iso(receipt.at_us),
        "model": receipt.model,
        "outcome": receipt.outcome,
        "finish_reason": receipt.finish or None,
        "error_code": receipt.fault or None,
        "user": receipt.end_user or None,
        "usage": {
            "input_tokens": used.input_tokens,
            "cached_input_tokens": used.cached_input_tokens,
            "cache_write_tokens": used.cache_write_5m_tokens + used.cache_write_1h_tokens,
            "image_input_tokens": used.image_input_tokens + used.cached_image_input_tokens,
            "audio_input_tokens": used.audio_input_tokens + used.cached_audio_input_tokens,
            "output_tokens": used.output_tokens,
            "reasoning_tokens": used.reasoning_tokens,
            "image_output_tokens": used.image_output_tokens,
            "audio_output_tokens": used.audio_output_tokens,
            "searches": used.web_searches,
            "pictures_made": used.pictures,
            "characters": used.characters,
            "audio_input_seconds": decimals(used.audio_input_ms, 1000, 3),
            "video_seconds": used.video_seconds,
            "estimated": bool(receipt.usage_estimated),
        },
        "charge": plain(receipt.charge),
        "included": plain(Money(receipt.included_grains, receipt.currency)),
        "paid_from": receipt.source.split(),
        "currency": receipt.currency,
        "price_card": receipt.price_card,
        "guards": receipt.guards.split(),
        "output_tokens_max": receipt.output_tokens_max,
        "energy_watt_hours": decimals(receipt.energy_uj, UJ_PER_WATT_HOUR, 9) if receipt.energy_uj else None,
        "energy_estimated": bool(receipt.energy_estimated) if receipt.energy_uj else None,
        "first_token_ms": receipt.first_token_us // 1000 if receipt.first_token_us >= 0 else None,
        "total_ms": receipt.total_us // 1000,
    }


def pot_body(pot: Pot, moved: Movement) -> dict[str, object]:
    """What an answer may be drawn from: in whole answers or tokens, or an amount of money."""
    left = moved.credits - moved.debits
    return {
        "kind": pot.kind,
        "unit": pot.unit,
        "left": _pieces(left, pot.unit),
        "held": _pieces(moved.held_debits, pot.unit),
        "used": _pieces(moved.debits, pot.unit),
        "model_classes": pot.classes.split(),
        "expires_at": iso(pot.expires_us) if pot.expires_us < NEVER_US else None,
    }


def receipt_for_operator(receipt: Receipt) -> dict[str, object]:
    """Both books of an answer."""
    return receipt_for_customer(receipt) | {
        "customer": receipt.customer,
        "plan": receipt.plan,
        "key": receipt.key,
        "provider": receipt.provider,
        "upstream": receipt.upstream,
        "route_reason": receipt.reason,
        "tries": receipt.tries.split(),
        "cost": plain(receipt.cost),
        "lost_cost": plain(Money(receipt.lost_grains, receipt.currency)),
        "granted": plain(Money(receipt.granted_grains, receipt.currency)),
        "margin": plain(receipt.margin),
        "overrun": plain(Money(receipt.overrun_grains, receipt.currency)),
        "provider_cost": None if (billed := billed_by_provider(receipt)) is None else plain(billed),
        "provider_currency": receipt.provider_currency,
        "cost_card": receipt.cost_card,
        "exchange": receipt.exchange or None,
        "cost_input_tokens": receipt.cost_input_tokens,
        "engine_ms": decimals(receipt.engine_us, 1000, 3),
        "attribution": receipt.attribution or None,
        "alarms": receipt.alarms.split(),
        "usage_report": receipt.usage_report or None,
    }


def billed_by_provider(receipt: Receipt) -> Money | None:
    """What the answer costs as its provider bills it; None where that is in no currency known here."""
    currency = receipt.provider_currency
    return Money(receipt.provider_cost_grains, currency) if currency in MINOR_DIGITS else None


def _pieces(grains: int, unit: str) -> str:
    return amount(grains, unit).partition(" ")[0]
