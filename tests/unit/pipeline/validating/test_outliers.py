"""What is usual of a product, in the ledger or in the file, and the words for what is not."""

from decimal import Decimal, localcontext
from pathlib import Path
from statistics import median_low
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillstream.app import App, open_app
from tillstream.commands.ingest import ingest
from tillstream.commands.result import quiet
from tillstream.model.contract_sections import OutlierRule
from tillstream.pipeline.validating.unusual_values import (
    MINIMUM_MAD_SHARE,
    USUAL_KEY,
    USUAL_SCHEMA,
    LedgerHistory,
    OutlierDetector,
    compute_usual_values,
    outlier_detector,
    usual_bounds,
)
from tillstream.settings import Settings

CONTRACT = """\
name: shop
region: Shop
currency: EUR
columns: {sale_id: No, date: Day, product_id: Item, quantity: Qty, unit_price: Price}
identity: {ids: region-wide}
"""
NONE = USUAL_SCHEMA.empty_table()


def rows(*lines: tuple[str | None, str | None, str | None, str | None], currency: str = "EUR") -> pa.Table:
    """product, name, quantity, price"""
    number = [
        [None if cell is None else Decimal(cell) for cell in column] for column in list(zip(*lines, strict=True))[2:]
    ]
    return pa.table(
        {
            "product_id": pa.array([line[0] for line in lines]).dictionary_encode(),
            "product_name": pa.array([line[1] for line in lines]).dictionary_encode(),
            "currency": pa.array([currency] * len(lines)).dictionary_encode(),
            "quantity": pa.array(number[0], pa.decimal128(38, 9)),
            "unit_price": pa.array(number[1], pa.decimal128(38, 9)),
            "line_number": pa.array(range(2, len(lines) + 2)),
        }
    )


def problems_in(history: pa.Table, *blocks: pa.Table, **rule: Any) -> list[tuple[Any, ...]]:
    looking = OutlierDetector(OutlierRule(**rule), history)
    for block in blocks:
        looking.add(block)
    return [(one.column, one.count, one.first_line, one.example) for one in looking.problems()]


def usual_row(product: str, measure: str, median: str, mad: str, currency: str = "EUR") -> pa.Table:
    row = {"product": product, "measure": measure, "currency": currency, "line_count": 50}
    return pa.Table.from_pylist([row | {"median": Decimal(median), "mad": Decimal(mad)}], schema=USUAL_SCHEMA)


def test_an_unusual_price_is_a_warning_with_the_usual_range() -> None:
    history = usual_row("tea", "unit_price", "2.75", "0.108")
    lines = rows(("tea", "", "1", "2.80"), ("tea", "", "1", "12.5"), ("tea", "", "1", "2.10"), ("new", "", "1", "99"))
    assert problems_in(history, lines) == [
        ("unit_price", 1, 3, "12.50; this product usually costs between 1.92 and 3.58"),
    ]


def test_prices_in_another_currency_are_not_compared_and_quantities_are() -> None:
    history = pa.concat_tables(
        [usual_row("tea", "unit_price", "2.75", "0.1"), usual_row("tea", "quantity", "2", "1", "")]
    )
    assert problems_in(history, rows(("tea", "", "900", "300"), currency="JPY")) == [
        ("quantity", 1, 2, "900; this product is usually sold by 0 to 8"),
    ]


def test_a_product_that_the_ledger_does_not_know_is_compared_with_its_lines_in_the_file() -> None:
    blocks = [rows(*[("tea", "", "1", price)] * 10) for price in ("2.00", "2.10", "2.20")]
    odd = rows(("tea", "", "1", "2.15"), ("tea", "", "1", "0.02"), ("tea", "", "-1", "21.50"))
    assert problems_in(NONE, *blocks, odd, columns=("unit_price",)) == [
        ("unit_price", 2, 3, "0.02; in this file this product usually costs between 1.47 and 2.73"),
    ]
    assert problems_in(NONE, *blocks, odd, minimum=34) == []


def test_a_product_without_an_id_is_known_by_its_name_and_lines_without_either_are_left_out() -> None:
    history = usual_row("Green tea", "unit_price", "2", "0.1")
    lines = rows(
        (None, "Green tea", "1", "9"),
        ("x", "Green tea", "1", "9"),
        (None, "", "1", "9"),
        (None, "Green tea", "1", None),
    )
    assert problems_in(history, lines) == [
        ("unit_price", 1, 2, "9.00; this product usually costs between 1.40 and 2.60")
    ]


def test_one_price_for_years_does_not_make_the_next_one_an_outlier() -> None:
    history = pa.concat_tables([usual_row("tea", "unit_price", "2", "0"), usual_row("tea", "quantity", "1", "0", "")])
    assert problems_in(history, rows(("tea", "", "2", "2.2"), ("tea", "", "4", "1.4"))) == []
    assert [one[:2] for one in problems_in(history, rows(("tea", "", "5", "2.7")))] == [
        ("unit_price", 1),
        ("quantity", 1),
    ]


def test_a_file_without_rows_has_no_issues() -> None:
    assert problems_in(NONE) == []


AMOUNTS = st.decimals(0, 10**28, places=9) | st.integers(0, 9).map(Decimal)


@given(
    st.dictionaries(st.sampled_from("abc"), st.lists(AMOUNTS, min_size=1, max_size=12), min_size=1),
    st.sampled_from(sorted(MINIMUM_MAD_SHARE)),
    st.decimals("0.1", 20, places=2),
)
def test_median_distance_and_fence_are_those_of_the_formula(
    values: dict[str, list[Decimal]], measure: str, k: Decimal
) -> None:
    lines = [(product, measure, "EUR", value, 1) for product, each in values.items() for value in each]
    columns = [pa.array(column) for column in zip(*lines, strict=True)]
    table = pa.table(dict(zip((*USUAL_KEY, "magnitude", "line_count"), columns, strict=True)))
    table = table.set_column(3, "magnitude", table["magnitude"].cast(pa.decimal128(38, 9)))
    usual_values = compute_usual_values(table, 1)
    rows_by_product = {row["product"]: row for row in usual_values.to_pylist()}
    assert set(rows_by_product) == set(values)
    lower, upper = usual_bounds(*(usual_values[name].combine_chunks() for name in ("measure", "median", "mad")), k)
    bounds = list(zip(lower.to_pylist(), upper.to_pylist(), strict=True))
    with localcontext(prec=80):
        for place, product in enumerate(usual_values["product"].to_pylist()):
            median = median_low(values[product])
            mad = median_low(abs(value - median) for value in values[product])
            row = rows_by_product[product]
            assert (row["median"], row["mad"], row["line_count"]) == (median, mad, len(values[product]))
            reach = k * max(mad, MINIMUM_MAD_SHARE[measure] * median)
            assert bounds[place] == (max(median - reach, Decimal(0)), median + reach)


def shop(tmp_path: Path, contract: str) -> Settings:
    home = tmp_path / "home"
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "shop.yaml").write_text(contract)
    return Settings(home=home, threads=1)


def take_in(app: App, path: Path, first: int, prices: list[str]) -> list[dict[str, Any]]:
    lines = [f"{first + n},2024-01-02,tea,1,{price}" for n, price in enumerate(prices)]
    path.write_text("\n".join(["No,Day,Item,Qty,Price", *lines]) + "\n")
    receipt = ingest(app, quiet, files=[str(path)], contract="shop").data
    assert receipt["status"] == "settled", receipt
    problems: list[dict[str, Any]] = [one for one in receipt["problems"] if one["code"] == "outlier"]
    return problems


def test_the_next_file_is_compared_with_the_ledger_and_every_row_still_counts(tmp_path: Path) -> None:
    with open_app(shop(tmp_path, CONTRACT + "outliers: {minimum: 5}\n")) as app:
        assert take_in(app, tmp_path / "a.csv", 1, ["2.00", "2.10", "2.20", "2.30", "2.40"]) == []
        (warning,) = take_in(app, tmp_path / "b.csv", 11, ["2.20", "12.50", "30"])
        assert warning == {
            "code": "outlier",
            "severity": "warning",
            "column": "unit_price",
            "count": 2,
            "first_line": 3,
            "example": "12.50; this product usually costs between 1.54 and 2.86",
        }
        contract = app.contracts.current("shop")
        assert outlier_detector(LedgerHistory(app.ports.warehouse, contract, lambda: False), contract) is not None


def test_a_contract_without_outlier_rules_has_no_warnings_and_no_query(tmp_path: Path) -> None:
    with open_app(shop(tmp_path, CONTRACT)) as app:
        assert take_in(app, tmp_path / "a.csv", 1, ["2.00"] * 40 + ["500"]) == []
        contract = app.contracts.current("shop")
        assert outlier_detector(LedgerHistory(app.ports.warehouse, contract, lambda: False), contract) is None


@pytest.mark.parametrize("rule", ["{k: 0}", "{minimum: 1}", "{columns: []}", "{columns: [discount]}"])
def test_a_rule_that_cannot_be_is_refused(rule: str) -> None:
    from tillstream.contracts.contract_files import parse_contract_yaml
    from tillstream.model.errors import Rejected

    with pytest.raises(Rejected, match="outliers"):
        parse_contract_yaml(CONTRACT + f"outliers: {rule}\n", "shop.yaml")
