"""Other people's lists are read to the last digit, or refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.pricing.published import Published, Tiered
from solvent.pricing.second_source import read_prices
from solvent.values.errors import Invalid

TABLE = """\
provider,model,name,context_window,constraint,input_mtok,output_mtok,cache_read_mtok
openai,gpt,GPT,1000,,2.50,10,1.25
openai,gpt,GPT,1000,"{""start_date"": ""2026-09-01""}",2,8,
google,gem,,,,"{""base"": 1.25, ""tiers"": [{""start"": 200000, ""price"": 2.5}]}",10,
deepseek,seek,,,"{""start_time"": ""00:30:00Z"", ""end_time"": ""16:30:00Z""}",0.27,1.1,
nobody,knows,,,,,,
"""


def by_model(text: str) -> dict[str, Published]:
    return {one.model: one for one in read_prices(text, "list")}


def test_a_table_is_read_row_by_row() -> None:
    read = by_model(TABLE)
    assert set(read) == {"gpt", "gem", "seek"}, "a model without prices is not listed"
    first, second = read["gpt"].prices
    assert (first.prices["input_mtok"], first.start_date) == (Tiered("2.50"), "")
    assert (second.prices["output_mtok"], second.start_date) == (Tiered("8"), "2026-09-01")
    assert read["gem"].prices[0].prices["input_mtok"] == Tiered("1.25", ((200_000, "2.5"),))
    assert read["seek"].prices[0].hours == ("00:30", "16:30")


def test_openrouters_prices_a_token_become_prices_a_million() -> None:
    models = [
        {"id": "openai/gpt-4o", "pricing": {
            "prompt": "0.0000025", "completion": "0.00001", "request": "0", "image": "0.003613", "web_search": "0",
            "internal_reasoning": "0", "input_cache_read": "0.00000125"}},
        {"id": "openrouter/auto", "pricing": {"prompt": "-1", "completion": "-1"}},
        {"id": "free/model", "pricing": {"prompt": "0", "completion": "0"}},
        {"id": "sci", "pricing": {"prompt": "2.5e-06", "completion": "1E-5"}},
    ]  # fmt: skip
    gpt, auto, free, sci = read_prices(json.dumps({"data": models}), "list")
    assert (gpt.provider, gpt.model) == ("openai", "gpt-4o")
    assert {key: price.base for key, price in gpt.prices[0].prices.items()} == {
        "input_mtok": "2.5", "output_mtok": "10", "cache_read_mtok": "1.25"}  # fmt: skip
    assert auto.prices[0].prices == {}
    assert free.prices[0].prices["input_mtok"] == Tiered("0")
    assert {key: price.base for key, price in sci.prices[0].prices.items()} == {
        "input_mtok": "2.5",
        "output_mtok": "10",
    }


def test_a_plain_map_has_our_names_and_its_numbers_stay_exact() -> None:
    text = '{"openai/gpt-4o": {"input": 0.1, "output": "10", "cached_input": 1.25e0}, "mine": {"input": 3}}'
    gpt, mine = read_prices(text, "list")
    assert (gpt.provider, gpt.model, mine.provider, mine.model) == ("openai", "gpt-4o", "", "mine")
    assert {key: price.base for key, price in gpt.prices[0].prices.items()} == {
        "input_mtok": "0.1", "output_mtok": "10", "cache_read_mtok": "1.25"}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("provider,model,input_mtok\n,gpt,1\n", "line 2"),
        ("a,b\n1,2\n", "line 2"),
        ('provider,model,constraint,input_mtok\no,g,"{x",1\n', "constraint"),
        ('provider,model,constraint,input_mtok\no,g,[1],1\n', "constraint"),
        ('provider,model,input_mtok\no,g,"{""base"": 1}"\n', "input_mtok"),
        ('provider,model,input_mtok\no,g,"{""base"": 1, ""tiers"": [{""start"": ""x""}]}"\n', "input_mtok"),
        ('provider,model,input_mtok\no,g,"un', "table"),
        ("{", "JSON"),
        ("[1]", "neither"),
        ('{"data": [1]}', "data[0]"),
        ('{"data": [{"id": "a"}]}', "data[0]"),
        ('{"data": [{"id": "a", "pricing": {"prompt": "-2"}}]}', "prompt"),
        ('{"data": [{"id": null, "pricing": {}}]}', "data[0]"),
        ('{"data": [{"id": "a", "pricing": {"prompt": null, "completion": []}}]}', "completion"),
        ('{"a": 1}', "a"),
        ('{"a": {"inptu": 1}}', "inptu"),
        ('{"a": {"input": true}}', "input"),
        ('{"a": {"answer": 1}}', "answer"),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_read_is_refused_by_name(text: str, named: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_prices(text, "list.csv")
    assert caught.value.code == "bad_price_list"
    assert named in caught.value.message
    assert "list.csv" in caught.value.message


@pytest.mark.parametrize("price", ["NaN", "Infinity", "x", "1e", "1e99999", "", "--1", "0x1"])
def test_a_price_that_is_no_number_is_refused(price: str) -> None:
    with pytest.raises(Invalid):
        read_prices(json.dumps({"data": [{"id": "a", "pricing": {"prompt": price}}]}), "list")


@given(st.decimals("1e-9", "1e-3", places=12), st.integers(-3, 3))
@settings(deadline=None)
def test_an_exponent_changes_nothing(price: Any, shift: int) -> None:
    plain = f"{price:f}"
    scientific = f"{price.scaleb(shift):f}e{-shift}"
    lists = (json.dumps({"data": [{"id": "a/b", "pricing": {"prompt": text}}]}) for text in (plain, scientific))
    one, other = (read_prices(text, "list")[0].prices for text in lists)
    assert one == other


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["data", "id", "pricing", "prompt", "a/b", "input"]), inner, max_size=3)
    ),
)


@given(ANYTHING.map(json.dumps) | st.text(max_size=80))
@settings(deadline=None, max_examples=300)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_prices(text, "list")
    except Invalid as wrong:
        assert wrong.code in ("bad_price_list", "not_a_decimal")  # noqa: PT017  # nothing else is raised
