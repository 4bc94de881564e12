"""Columns of amounts are found by arithmetic whatever their names, and minor units read back to the exact amount."""

import io
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from proposals import ANSWERS
from source_tables import contract, source_table

from examples import examples
from tillstream.detection import propose
from tillstream.model.money import minor_digits
from tillstream.pipeline.normalising.normalise import normalise

money = st.decimals("1", "500", places=2)
lines = st.tuples(st.integers(1, 9), money, st.sampled_from([Decimal(0), Decimal("0.25"), Decimal("0.8")]))
names = st.lists(st.from_regex("[bcdf]{4}[0-9]{2}", fullmatch=True), min_size=4, max_size=4, unique=True)


@settings(max_examples=examples(60))
@given(st.lists(lines, min_size=12, max_size=40), names, st.permutations(range(4)), st.booleans())
def test_the_total_is_found_under_any_name_or_nothing_is(
    rows: list[tuple[int, Decimal, Decimal]], headers: list[str], order: list[int], is_named: bool
) -> None:
    """headers: of quantity, price, discount and total; the first two have usual names if is_named."""
    if is_named:
        headers = ["Qty", "Price", *headers[2:]]
    cells = [(quantity, price, discount, quantity * price - discount) for quantity, price, discount in rows]
    text = [",".join(["Order No", "Date", *(headers[place] for place in order)])]
    text += [
        ",".join([f"A{number}", "2026-03-14", *(str(row[place]) for place in order)])
        for number, row in enumerate(cells)
    ]
    proposal = propose(io.BytesIO("\n".join([*text, ""]).encode()), name="shop", answers=ANSWERS)
    total = proposal.contract["columns"].get("net_amount")
    open_keys = {question.key for question in proposal.questions}
    assert total in {headers[3], None} or open_keys or _is_equal_by_chance(total, headers, cells)


def _is_equal_by_chance(total: str, headers: list[str], cells: list[tuple[int, Decimal, Decimal, Decimal]]) -> bool:
    """Whether the proposed column has the same numbers as the total in nearly all rows."""
    column = headers.index(total)
    return sum(row[column] == row[3] for row in cells) >= 0.8 * len(cells)


@given(
    st.lists(
        st.tuples(st.integers(-(10**12), 10**12), st.sampled_from(["EUR", "USD", "JPY", "KWD", "CLF", "KRW"])),
        min_size=1,
        max_size=30,
    )
)
def test_amounts_in_minor_units_are_divided_by_what_their_currency_requires(rows: list[tuple[int, str]]) -> None:
    rules = contract({"net_amount": "amount", "currency": "ccy"}, amounts={"minor_units": ["net_amount"]})
    table = source_table(amount=[str(amount) for amount, _ in rows], ccy=[code for _, code in rows])
    read = normalise(table, rules)[0].column("net_amount").to_pylist()
    assert read == [Decimal(amount).scaleb(-minor_digits(code)) for amount, code in rows]
