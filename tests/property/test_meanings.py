"""What a contract makes of cells holds for any cells: names from content, tax inside of totals, units, joined texts."""

from decimal import ROUND_HALF_UP, Context, Decimal
from random import Random
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from source_tables import column

from tillstream.model.contract import Contract, parse_contract
from tillstream.pipeline.normalising.normalise import normalise

EXACT = Context(prec=120, rounding=ROUND_HALF_UP)
NINE = Decimal("1e-9")
BARE: dict[str, Any] = {"name": "T", "region": "R", "currency": "EUR"}
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=6)
slips = st.tuples(st.sampled_from(["2026-03-01", "2026-03-02"]), texts, texts, st.integers(-99, 99).map(str))
amounts = st.decimals(-(10**20), 10**20, places=9) | st.decimals(-1000, 1000, places=2)


def source(rows: list[tuple[str, ...]], *names: str) -> pa.Table:
    return pa.table({name: pa.array(list(cells)) for name, cells in zip(names, zip(*rows, strict=True), strict=True)})


def by_content() -> Contract:
    columns = {"date": "Day", "product_name": "Product", "category": "Kind", "net_amount": "Total"}
    return parse_contract(BARE | {"columns": columns, "identity": {"by_content": True, "ids": "region-wide"}})


def including_tax(**rule: Any) -> Contract:
    columns = {"sale_id": "No", "date": "Day", "gross_amount": "Total"}
    document = BARE | {"columns": columns, "identity": {"ids": "region-wide"}}
    return parse_contract(document | {"amounts": {"include": "tax"} | rule})


@given(st.lists(slips, min_size=1, max_size=12), st.integers())
def test_rows_with_equal_content_have_one_sale_id_in_any_position(rows: list[tuple[str, ...]], seed: int) -> None:
    names = ("Day", "Product", "Kind", "Total")
    ids = column("sale_id", source(rows, *names), by_content())
    stripped = [tuple(cell.strip() for cell in row) for row in rows]
    for one, first in zip(ids, stripped, strict=True):
        for other, second in zip(ids, stripped, strict=True):
            assert (one == other) == (first == second)
    order = list(range(len(rows)))
    Random(seed).shuffle(order)
    again = column("sale_id", source([rows[place] for place in order], *names), by_content())
    assert again == [ids[place] for place in order]
    assert column("sale_id", source(rows, *names).slice(len(rows) // 2), by_content()) == ids[len(rows) // 2 :]


@given(st.lists(amounts, min_size=1, max_size=20), st.decimals(0, 1, places=4))
def test_net_and_tax_are_the_total_to_the_digit(totals: list[Decimal], rate: Decimal) -> None:
    rows = [(str(number), "2026-03-01", f"{total:f}") for number, total in enumerate(totals)]
    table, issues = normalise(source(rows, "No", "Day", "Total"), including_tax(tax_rate=str(rate)))
    tax, net = (table.column(name).to_pylist() for name in ("tax", "net_amount"))
    for total, inside, rest in zip(totals, tax, net, strict=True):
        exact = EXACT.divide(EXACT.multiply(total, rate), EXACT.add(rate, 1))
        assert inside == exact.quantize(NINE, context=EXACT)
        assert EXACT.add(inside, rest) == total
    assert len(issues) == 0


@given(
    st.lists(amounts, min_size=1, max_size=20),
    st.decimals(-(10**8), 10**8, places=9).filter(bool) | st.sampled_from([Decimal("0.01"), Decimal(1000)]),
)
def test_a_number_times_its_factor_is_exact(values: list[Decimal], factor: Decimal) -> None:
    columns = {"sale_id": "No", "date": "Day", "net_amount": "Total"}
    rules = parse_contract(
        BARE
        | {
            "columns": columns,
            "identity": {"ids": "region-wide"},
            "amounts": {"factors": {"net_amount": f"{factor:f}"}},
        }
    )
    rows = [(str(number), "2026-03-01", f"{value:f}") for number, value in enumerate(values)]
    table, issues = normalise(source(rows, "No", "Day", "Total"), rules)
    codes = {(row["index"], row["code"]) for row in issues.table().to_pylist()}
    for row, (value, product) in enumerate(zip(values, table.column("net_amount").to_pylist(), strict=True)):
        exact = EXACT.multiply(value, factor)
        near = exact.quantize(NINE, context=EXACT)
        assert product == (near if near.copy_abs() < 10**29 else None)
        assert ((row, "number-too-large") in codes) == (product is None)
        assert ((row, "rounded") in codes) == (product is not None and near != exact)


@given(st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=10), st.sampled_from([" ", "-", "", ", "]))
def test_joined_texts_are_those_that_are_there(rows: list[tuple[str, ...]], between: str) -> None:
    derived = {"All": {"join": ["A", "B", "C"], "between": between}}
    columns = {"sale_id": "No", "date": "Day", "net_amount": "Total", "product_name": "All"}
    rules = parse_contract(BARE | {"columns": columns, "identity": {"ids": "region-wide"}, "made": derived})
    cells = source([("1", "2026-03-01", "1", *row) for row in rows], "No", "Day", "Total", "A", "B", "C")
    expected = [between.join(text.strip() for text in row if text.strip()).strip() or None for row in rows]
    assert column("product_name", cells, rules) == expected


@given(
    st.lists(texts, min_size=1, max_size=10), st.sampled_from(["-", " ", "ab", "é"]), st.integers(-4, 4).filter(bool)
)
def test_a_part_of_a_text_is_that_of_python_or_nothing(words: list[str], by: str, part: int) -> None:
    derived = {"Part": {"split": "Whole", "by": by, "part": part}}
    columns = {"sale_id": "No", "date": "Day", "net_amount": "Total", "product_name": "Part"}
    rules = parse_contract(BARE | {"columns": columns, "identity": {"ids": "region-wide"}, "made": derived})
    cells = source([("1", "2026-03-01", "1", word) for word in words], "No", "Day", "Total", "Whole")
    pieces = [word.strip().split(by) for word in words]
    place = part - 1 if part > 0 else part
    expected = [each[place].strip() or None if -len(each) <= place < len(each) else None for each in pieces]
    assert column("product_name", cells, rules) == expected
