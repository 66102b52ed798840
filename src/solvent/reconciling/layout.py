"""A layout says which column of a table says what: of exports known by their columns, or as somebody maps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, get_args

import msgspec

from solvent.values.errors import Invalid

Dates = Literal["iso", "unix", "mdy", "dmy"]
_MEMBERS: Final = ("date", "amount", "model", "currency", "kind", "what")
_WAYS: Final[tuple[Dates, ...]] = get_args(Dates)


class Layout(msgspec.Struct, frozen=True):
    """Names of columns; "" for what a table does not say, and then nothing is looked for.

    what: says more of a row than its model, such as "web search". only_currency: where no column says one. dates: how
    they are written: 2026-11-01, seconds since 1970, 11/01/2026 or 01/11/2026. only: (column, text) of which one must
    hold for a row to count; none for every row. names: how the model is written: as it is, before the comma of a line
    item, or in a usage type of AWS.
    """

    name: str
    date: str
    amount: str
    model: str = ""
    currency: str = ""
    kind: str = ""
    what: str = ""
    only_currency: str = ""
    dates: Dates = "iso"
    only: tuple[tuple[str, str], ...] = ()
    names: Literal["plain", "line_item", "usage_type"] = "plain"
    product: str = ""


def _bedrock(*columns: str) -> tuple[tuple[str, str], ...]:
    return tuple((column, "bedrock") for column in columns)


# Columns of the "cost data" export of the OpenAI dashboard, by line item and day, with times in seconds.
# Source: https://docs.pelanor.io/integrations/services/openai, read on 2026-11-28; the same members as
# https://platform.openai.com/docs/api-reference/usage/costs. A line item is "gpt-4o-2024-08-06, input".
OPENAI: Final = Layout(
    "openai", "start_time", "amount_value", "line_item", "amount_currency", dates="unix", names="line_item",
)  # fmt: skip
# Columns of the cost export of the Claude console, in dollars and days of UTC.
# Source: exports in public importers (usage_date_utc, model, token_type, cost_usd, cost_type, ...), read on 2026-11-28.
ANTHROPIC: Final = Layout(
    "anthropic", "usage_date_utc", "cost_usd", "model", kind="cost_type", what="token_type", only_currency="USD"
)
# Cost and Usage Reports: times in UTC, what was paid in lineItem/UnblendedCost, and what for in lineItem/LineItemType.
# Source: https://docs.aws.amazon.com/cur/latest/userguide/Lineitem-columns.html and, for usage types such as
# USE1-Claude4.6Sonnet-input-tokens, https://docs.aws.amazon.com/bedrock/latest/userguide/cost-mgmt-understanding-cur-data.html,
# read on 2026-11-28.
AWS: Final = Layout(
    "aws", "lineItem/UsageStartDate", "lineItem/UnblendedCost", "lineItem/UsageType", "lineItem/CurrencyCode",
    "lineItem/LineItemType", only=_bedrock("lineItem/ProductCode", "product/ProductName"), names="usage_type",
    product="product/ProductName",
)  # fmt: skip
# The same as AWS Data Exports writes it (CUR 2.0).
# Source: https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2-line-item.html, read on 2026-11-28.
AWS_2: Final = Layout(
    "aws", "line_item_usage_start_date", "line_item_unblended_cost", "line_item_usage_type",
    "line_item_currency_code", "line_item_line_item_type",
    only=_bedrock("line_item_product_code", "line_item_line_item_description"), names="usage_type",
)  # fmt: skip
# Cost details of Azure: days of UTC, charge types Usage, Purchase, Refund, Adjustment and others.
# Source: https://learn.microsoft.com/en-us/azure/cost-management-billing/automate/understand-usage-details-fields,
# read on 2026-11-28.
AZURE: Final = Layout(
    "azure", "Date", "CostInBillingCurrency", "MeterName", "BillingCurrency", "ChargeType", dates="mdy",
    only=(("ConsumedService", "cognitiveservices"), ("MeterCategory", "foundry"), ("MeterCategory", "cognitive")),
)  # fmt: skip
AZURE_CODE: Final = msgspec.structs.replace(AZURE, currency="BillingCurrencyCode")
KNOWN: Final = (OPENAI, ANTHROPIC, AWS, AWS_2, AZURE, AZURE_CODE)


def layout_in(columns: Sequence[str], said: str, only_currency: str) -> Layout:
    """The layout of a table with these columns. said: as somebody maps it, "" to know it by its columns.

    Raises Invalid for one that nobody knows, and where a column that it needs is not there.
    """
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise Invalid("bad_bill", f"line 1: the column {twice[0][:60]!r} is there twice", param="file")
    if said:
        return _mapped(columns, said, only_currency)
    has = {name.casefold() for name in columns}
    for one in KNOWN:
        needed = (one.date, one.amount, one.model, one.currency, one.kind if one.name != "anthropic" else "")
        if all(name.casefold() in has for name in needed if name):
            return one
    listed = ", ".join(name[:40] for name in columns[:20])
    message = (
        f"line 1: these columns are of no export that is known here: {listed}. Map them, as in "
        '"date=Day; amount=Cost; model=Model; currency=Currency"'
    )
    raise Invalid("bill_layout_unknown", message, param="columns")


def _mapped(columns: Sequence[str], said: str, only_currency: str) -> Layout:
    named: dict[str, str] = {}
    only: list[tuple[str, str]] = []
    for entry in (part.strip() for part in said.split(";")):
        member, equals, column = (part.strip() for part in entry.partition("="))
        if not entry:
            continue
        if member == "only":
            where, colon, text = column.rpartition(":")
            only.append((where.strip(), text.strip()))
            equals = equals if colon and where.strip() and text.strip() else ""
        if not (equals and column and (member in (*_MEMBERS, "dates", "only"))):
            known = ", ".join(f"{name}=COLUMN" for name in _MEMBERS)
            message = f"{entry[:60]!r}: write {known}, dates={'|'.join(_WAYS)} or only=COLUMN:TEXT, parted by ;"
            raise Invalid("bad_bill_terms", message, param="columns")
        if member != "only":
            named[member] = column
    dates = next((way for way in _WAYS if way == named.get("dates", "iso")), None)
    if dates is None:
        raise Invalid("bad_bill_terms", f"dates: choose {', '.join(_WAYS)}", param="columns")
    for member in ("date", "amount"):
        if member not in named:
            raise Invalid("bad_bill_terms", f"say which column is the {member}: {member}=COLUMN", param="columns")
    has = {name.casefold() for name in columns}
    for column in (*(named[member] for member in named if member != "dates"), *(where for where, _ in only)):
        if column.casefold() not in has:
            listed = ", ".join(name[:40] for name in columns[:20])
            message = f"there is no column {column[:60]!r} in line 1; there are {listed}"
            raise Invalid("bad_bill_terms", message, param="columns")
    if "currency" not in named and not only_currency:
        message = "no column says the currency: map one (currency=COLUMN), or say it for all rows"
        raise Invalid("bad_bill_terms", message, param="currency")
    return Layout(
        "mapped", named["date"], named["amount"], named.get("model", ""), named.get("currency", ""),
        named.get("kind", ""), named.get("what", ""), only_currency, dates, tuple(only),
    )  # fmt: skip
