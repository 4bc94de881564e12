"""Contracts with drawn checks, and values of the columns that these read."""

from datetime import date
from typing import Any

import polars as pl
from hypothesis import strategies as st
from source_tables import contract

from tillstream.model.contract import Contract

WORDS = ["A", "B's", 'say "C"', "", "returned", "completed"]
texts = st.none() | st.sampled_from(WORDS)
numbers = st.none() | st.decimals(-3, 3, places=2) | st.decimals(-(10**20), 10**20, places=9)
# no date near today, which may change while the test runs
dates = st.none() | st.sampled_from([date(2020, 1, 1), date(2024, 2, 29), date(9999, 12, 31)])
BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {pl.Categorical(): texts, pl.Date: dates, pl.Decimal(38, 9): numbers}
bounds = st.decimals(-5, 5, places=3).map(str)
words = st.lists(st.sampled_from(WORDS), min_size=1, unique=True)


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    names = ["net_amount", "store_id", "product_id", "channel", "discount"]
    mapped = {name: name for name in draw(st.lists(st.sampled_from(names), unique=True))}
    return contract(
        mapped,
        ranges=draw(
            st.dictionaries(
                st.sampled_from(["quantity", "discount", "tax"]),
                st.fixed_dictionaries({}, optional={"minimum": bounds, "maximum": bounds}),
            )
        ),
        expected=draw(st.lists(st.sampled_from(names), unique=True)),
        allowed=draw(st.dictionaries(st.sampled_from(["channel", "category", "quantity"]), words)),
        stores=draw(st.just([]) | words),
        products=draw(st.just([]) | words),
        line_total_tolerance=draw(st.sampled_from(["0", "0.01", "5"])),
    )
