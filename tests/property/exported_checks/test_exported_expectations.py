"""An exported suite of Great Expectations finds the rows that the contract's pandera schema finds."""

import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandera.errors
import polars as pl
import pytest
from drawn_contracts import contracts, texts
from hypothesis import given, settings
from hypothesis import strategies as st
from source_tables import contract

from examples import examples, long_but
from tillstream.contracts.contract_files import shipped_contracts
from tillstream.model.contract import Contract
from tillstream.model.contract_sections import Range
from tillstream.pipeline.staging.file_source import RegionalFileSource
from tillstream.pipeline.validating import checks
from tillstream.pipeline.validating.schema_exports import EXPECTATIONS, expectation_suite, to_expectation_json
from tillstream.pipeline.validating.validate import SaleLineSchema, to_frame
from tillstream.samples.sample_files import files_of_regions

Rows = dict[tuple[str, str], set[int]]
"""(problem, column) → positions of the rows."""
Validate = Callable[[Contract, pl.DataFrame], Rows]

TODAY = date(2026, 6, 1)
PARAMETERS = {"today": "2026-06-01", "oldest_date": "1996-01-01"}
numbers = st.none() | st.decimals(-3, 3, places=2) | st.decimals(-(10**6), 10**6, places=4)
DAYS = (date(1995, 12, 31), date(1996, 1, 1), date(2024, 2, 29), TODAY, date(2026, 6, 2), date(9999, 12, 31))
dates = st.none() | st.sampled_from(DAYS)
BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {pl.Categorical(): texts, pl.Date: dates, pl.Decimal(38, 9): numbers}
TYPES = {pl.Decimal: "float64", pl.Date: "datetime64[us]"}
"""Type of a column → type that pandas has for it; `str` for others."""


@pytest.fixture(scope="module")
def expectations(expectations_python: Path) -> Iterator[Validate]:
    """Validate with the exported suite."""
    command = [expectations_python, Path(__file__).with_name("validations.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        requests, answers = process.stdin, process.stdout

        def rows_of(rules: Contract, frame: pl.DataFrame) -> Rows:
            columns = {name: (TYPES.get(type(kind), "str"), _texts(frame[name])) for name, kind in frame.schema.items()}
            print(json.dumps([json.loads(to_expectation_json(rules)), columns, PARAMETERS]), file=requests, flush=True)
            failed: Rows = {}
            for problem, column, rows in json.loads(answers.readline()):
                failed.setdefault((problem, column), set()).update(rows)
            return failed

        yield rows_of


def _texts(column: pl.Series) -> list[str | None]:
    return column.cast(pl.String).to_list()


def schema_rows(rules: Contract, frame: pl.DataFrame) -> Rows:
    """Validate with the schema of the pipeline."""
    schema = SaleLineSchema(rules, TODAY)
    try:
        schema.pandera.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        failed: Rows = {}
        for error in errors.schema_errors:
            rule = schema.rules[schema.place(error.column_name, error.check_index)]
            rows = np.flatnonzero(~error.check_output.to_series().to_numpy())
            failed.setdefault((rule.code, rule.column), set()).update(rows.tolist())
        return failed
    return {}


@settings(max_examples=examples(200))
@given(contracts(), st.data())
def test_drawn_rows(expectations: Validate, rules: Contract, draw: st.DataObject) -> None:
    count = draw.draw(st.integers(1, 6))
    types = {name: column.dtype.type for name, column in SaleLineSchema(rules, TODAY).pandera.columns.items()}
    values = {name: draw.draw(st.lists(BY_TYPE[kind], min_size=count, max_size=count)) for name, kind in types.items()}
    frame = pl.DataFrame(values, schema=types)
    assert expectations(rules, frame) == schema_rows(rules, frame)


RULES = contract(
    {"net_amount": "Net", "discount": "Discount", "store_id": "Store", "product_id": "Product", "channel": "Channel"},
    ranges={"discount": {"minimum": "-0.1", "maximum": "9.3"}},
    allowed={"channel": ["shop", "web"], "quantity": ["0", "2", "-2", "0.1", "1.0", "many"]},
    expected=["store_id", "channel"],
    stores=["A", "it's"],
    products=["P"],
    line_total_tolerance="0.01",
)
GOOD: dict[str, Any] = {
    "region": "R",
    "sale_id": "1",
    "store_id": "it's",
    "product_id": "P",
    "channel": "web",
    "status": "completed",
    "sale_date": date(2026, 3, 1),
    "quantity": Decimal(2),
    "unit_price": Decimal("5.00"),
    "discount": Decimal("0.3"),
    "net_amount": Decimal("9.70"),
    "currency": "USD",
}
BROKEN: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("missing-required", "sale_id", {"sale_id": None}),
    ("missing-required", "net_amount", {"net_amount": None}),
    ("missing-expected", "channel", {"channel": None}),
    ("out-of-range", "discount", {"discount": Decimal("9.300000001"), "net_amount": Decimal("0.7")}),
    ("out-of-range", "discount", {"discount": Decimal("-0.11"), "net_amount": Decimal("10.11")}),
    ("word-not-allowed", "channel", {"channel": "Web"}),
    ("word-not-allowed", "quantity", {"quantity": Decimal(1), "net_amount": Decimal("4.7")}),
    ("unknown-store", "store_id", {"store_id": "B"}),
    ("unknown-product", "product_id", {"product_id": ""}),
    ("future-date", "sale_date", {"sale_date": date(2026, 6, 2)}),
    ("old-date", "sale_date", {"sale_date": date(1995, 12, 31)}),
    ("zero-price", "unit_price", {"unit_price": Decimal(0), "net_amount": Decimal("-0.3")}),
    ("negative-price", "unit_price", {"unit_price": Decimal(-1), "net_amount": Decimal("-2.3")}),
    ("negative-quantity", "quantity", {"quantity": Decimal(-2), "net_amount": Decimal("-10.3")}),
    ("positive-return", "quantity", {"status": "returned"}),
    ("line-total-mismatch", "net_amount", {"net_amount": Decimal("9.68")}),
    ("line-total-mismatch", "net_amount", {"discount": None, "net_amount": Decimal("9.70")}),
)
KEPT: tuple[dict[str, Any], ...] = (
    {"quantity": Decimal("0.1"), "net_amount": Decimal("0.2")},
    {"discount": Decimal("9.3"), "net_amount": Decimal("0.7")},
    {"net_amount": Decimal("9.69")},
    {"discount": None, "net_amount": Decimal("10.01")},
    {"status": "returned", "quantity": Decimal(-2), "net_amount": Decimal("-10.3")},
    {"sale_date": TODAY},
    {"sale_date": date(1996, 1, 1)},
)
"""Good rows at the limits of the rules."""


def test_each_rule_broken_in_turn(expectations: Validate) -> None:
    types = {name: column.dtype.type for name, column in SaleLineSchema(RULES, TODAY).pandera.columns.items()}
    rows = [GOOD | {"line_key": "1"} | one for one in [*KEPT, *(broken for _, _, broken in BROKEN)]]
    frame = pl.DataFrame([{name: row[name] for name in types} for row in rows], schema=types)
    asserted: Rows = {}
    for position, (problem, column, _) in enumerate(BROKEN, len(KEPT)):
        asserted.setdefault((problem, column), set()).add(position)
    assert schema_rows(RULES, frame) == asserted
    assert expectations(RULES, frame) == asserted


def test_every_check_has_its_expectations() -> None:
    every = {problem.replace("-", "_") for problem, _, _ in BROKEN}
    assert {*EXPECTATIONS} == every == {*checks._FUNCTIONS}


@pytest.mark.parametrize("name", long_but(["JP"], ["IN", "UK", "DE", "JP"]))
def test_rows_of_sample_files(expectations: Validate, name: str) -> None:
    strict = {"ranges": {"quantity": Range(maximum=Decimal(2))}, "allowed": {"category": ("Furniture",)}}
    rules = shipped_contracts()[name].model_copy(update=strict)
    problems = set()
    for file in files_of_regions(until=date(2026, 5, 31), scale=0.01, regions=[name]):
        stream = BytesIO()
        file.write(stream)
        for row_batch in RegionalFileSource(partial(BytesIO, stream.getvalue()), rules, TODAY).row_batches():
            frame = to_frame(row_batch.table.select(SaleLineSchema(rules, TODAY).names))
            rows = schema_rows(rules, frame)
            assert expectations(rules, frame) == rows
            problems |= {problem for problem, _ in rows}
    assert problems >= {"out-of-range", "word-not-allowed"}


def test_what_cannot_be_expressed_is_listed() -> None:
    rules = contract(dates={"formats": ["%d.%m.%y"]}, allowed={"sale_date": ["2026-01-01"]})
    reiwa, words = expectation_suite(rules)["meta"]["left_out"][::-1]
    assert reiwa.startswith("old-date: recent dates of the Reiwa era")
    assert words.startswith("word-not-allowed: the allowed values of sale_date")
    assert expectation_suite(RULES)["meta"]["left_out"] == []
