"""Receipts and balances as JSON: amounts are exact decimal texts; customers never see what we pay."""

from __future__ import annotations

from fractions import Fraction

from solvent.answering.receipt import Receipt
from solvent.app.report import Report
from solvent.margin.line import MarginLine
from solvent.values.instant import iso
from solvent.values.money import Money, plain

UJ_PER_WATT_HOUR = 3_600_000_000


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
            "output_tokens": used.output_tokens,
            "reasoning_tokens": used.reasoning_tokens,
            "estimated": bool(receipt.usage_estimated),
        },
        "charge": plain(receipt.charge),
        "currency": receipt.currency,
        "price_card": receipt.price_card,
        "output_tokens_max": receipt.output_tokens_max,
        "energy_watt_hours": decimals(receipt.energy_uj, UJ_PER_WATT_HOUR, 9) if receipt.energy_uj else None,
        "energy_estimated": bool(receipt.energy_estimated) if receipt.energy_uj else None,
        "first_token_ms": receipt.first_token_us // 1000 if receipt.first_token_us >= 0 else None,
        "total_ms": receipt.total_us // 1000,
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
        "cost": plain(receipt.cost),
        "margin": plain(receipt.margin),
        "overrun": plain(Money(receipt.overrun_grains, receipt.currency)),
        "provider_cost": plain(Money(receipt.provider_cost_grains, receipt.provider_currency)),
        "provider_currency": receipt.provider_currency,
        "cost_card": receipt.cost_card,
        "exchange": receipt.exchange or None,
        "cost_input_tokens": receipt.cost_input_tokens,
        "engine_ms": decimals(receipt.engine_us, 1000, 3),
        "alarms": receipt.alarms.split(),
        "usage_report": receipt.usage_report or None,
    }


def report_body(report: Report) -> dict[str, object]:
    """The profit and loss as JSON."""
    return {
        "object": "margin.report",
        "currency": report.currency,
        "group_by": report.group_by,
        "days": report.days,
        "rows": [line_body(line, report.names) for line in report.lines],
        "total": line_body(report.total, {}),
        "plans": [
            {
                "plan": standing.plan,
                "net_price": plain(standing.net_price),
                "free_subsidy": plain(standing.free_subsidy),
                "fixed": plain(standing.fixed),
                "cost_per_answer": _grains(standing.cost_per_answer_grains, report.currency),
                "break_even_answers_month": standing.answers_month,
            }
            for standing in report.plans
        ],
    }


def line_body(line: MarginLine, names: dict[str, str]) -> dict[str, object]:
    """One line of the profit and loss as JSON."""
    sums = line.sums
    known = {"display_name": names[line.name]} if line.name in names else {}
    return {
        "name": line.name,
        **known,
        "answers": sums.answers,
        "failed": sums.failed,
        "estimated_answers": sums.estimated_answers,
        "revenue": plain(line.charge),
        "cost": plain(line.cost),
        "margin": plain(line.margin),
        "cost_per_answer": plain(line.cost_each) if line.cost_each else None,
        "charge_per_answer": plain(line.charge_each) if line.charge_each else None,
        "input_tokens": sums.input_tokens,
        "output_tokens": sums.output_tokens,
        "energy_watt_hours": decimals(sums.energy_uj, UJ_PER_WATT_HOUR, 6),
        "currency": line.currency,
    }


def decimals(numerator: int, denominator: int, places: int) -> str:
    """A ratio for people, as a decimal text."""
    return f"{float(Fraction(numerator, denominator)):.{places}f}"


def _grains(grains: int | None, currency: str) -> str | None:
    return None if grains is None else plain(Money(grains, currency))
