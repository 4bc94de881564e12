"""What is usual of a product is the same on both engines, and the same as worked out of a file."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from duck import Duck, exact
from googlesql import Judge, Rows
from sample_ledger import SAMPLE_LEDGER
from table_text import parse_tables

import sql
from tillstream.pipeline.validating.unusual_values import USUAL_KEY, USUAL_SCHEMA, compute_usual_values

TEXT = sql.text("ledger/usual_values")
PRICES = [("tea", "2.0"), ("tea", "2.4"), ("tea", "-2.2"), ("tea", "9"), ("ham", "5"), ("ham", "5"), ("ham", "7")]
LINES = "\n".join(
    f"{key} yes S{key} 1 DE EUR completed {product} 1 {price} 1" for key, (product, price) in enumerate(PRICES, 1)
)
SOLD = parse_tables(
    {
        "sale_versions": f"""key is_current sale_id line_key region currency status product_id quantity unit_price leads
            {LINES}
            91 yes S91 1 DE EUR cancelled tea 1 900 1
            92 yes S92 1 FR EUR completed tea 1 900 1
            93 no  S93 1 DE EUR completed tea 1 900 1
            94 yes S94 1 DE USD completed tea 3 900 1
            95 yes S95 1 DE EUR completed -   1 900 1
        """
    }
)


def params(region: str, minimum: int = 1, **options: bool) -> dict[str, Any]:
    return {"region": region, "minimum": minimum, "unit_price": True, "derived": False, "quantity": True} | options


def unordered(rows: Rows) -> list[list[Any]]:
    return sorted(([exact(value) for value in row] for row in rows), key=repr)


@pytest.mark.parametrize(
    ("region", "minimum", "options"),
    [("IN", 1, {}), ("IN", 2, {}), ("UK", 1, {"quantity": False}), ("UK", 1, {"unit_price": False}), ("none", 1, {})],
)
def test_both_engines_give_the_same_rows_for_the_shop(
    judge: Judge, true_shop: Mapping[str, Rows], duck: Duck, region: str, minimum: int, options: dict[str, bool]
) -> None:
    duck.fill(SAMPLE_LEDGER)
    parameters = params(region, minimum, **options)
    columns, google_rows = judge.answer(TEXT, parameters, true_shop)
    kinds, duckdb_rows = duck.answer(TEXT, parameters)
    assert kinds == columns
    assert unordered(duckdb_rows) == unordered(google_rows)


def test_medians_are_of_magnitudes_of_lines_that_count_by_product_and_currency(judge: Judge, duck: Duck) -> None:
    duck.fill(SOLD)
    content = judge.with_views(SOLD, until={"current_lines"})
    parameters = params("DE", minimum=3)
    google_rows = judge.answer(TEXT, parameters, content)[1]
    assert unordered(google_rows) == unordered(duck.answer(TEXT, parameters)[1])
    assert unordered(google_rows) == unordered(
        [
            ("tea", "unit_price", "EUR", 4, Decimal("2.2"), Decimal("0.2")),
            ("ham", "unit_price", "EUR", 3, Decimal(5), Decimal(0)),
            ("tea", "quantity", "", 5, Decimal(1), Decimal(0)),
            ("ham", "quantity", "", 3, Decimal(1), Decimal(0)),
        ]
    )


def test_prices_of_lines_without_one_follow_from_the_net_amount(judge: Judge, duck: Duck) -> None:
    header = "key is_current sale_id line_key region currency status product_id quantity unit_price net_amount leads"
    rows = ("4 - 10", "-3 - -1", "0 - 10", "2 3 99")
    text = [f"{key} yes S{key} 1 DE EUR completed tea {numbers} 1" for key, numbers in enumerate(rows, 1)]
    lines = parse_tables({"sale_versions": "\n".join([header, *text])})
    duck.fill(lines)
    parameters = params("DE", derived=True, quantity=False)
    google_rows = judge.answer(TEXT, parameters, judge.with_views(lines, until={"current_lines"}))[1]
    assert unordered(google_rows) == unordered(duck.answer(TEXT, parameters)[1])
    assert unordered(google_rows) == [["tea", "unit_price", "EUR", 3, Decimal("2.5"), Decimal("0.5")]]


def test_a_file_and_the_ledger_have_the_same_idea_of_the_usual(duck: Duck) -> None:
    duck.fill(SOLD)
    there = duck.query(TEXT, params("DE", quantity=False)).cast(USUAL_SCHEMA)
    prices = [abs(Decimal(price)) for _, price in PRICES]
    magnitudes = pa.array([*prices, Decimal(900)], pa.decimal128(38, 9))
    products = [product for product, _ in PRICES] + ["tea"]
    currencies = ["EUR"] * len(PRICES) + ["USD"]
    columns = [products, ["unit_price"] * len(products), currencies, magnitudes, [1] * len(products)]
    here = compute_usual_values(pa.table(dict(zip((*USUAL_KEY, "magnitude", "line_count"), columns, strict=True))), 1)
    order = [(name, "ascending") for name in USUAL_KEY]
    assert here.sort_by(order).to_pylist() == there.sort_by(order).to_pylist()
