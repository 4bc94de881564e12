"""Quantities with three decimals or without a number, amounts in thousands, and two columns of one name."""

import pytest
from test_detection_totals import keys, proposal_for

from tillstream.detection.amounts.scales import multiple_of_header

LINES = [(1000 + n, f"2026-03-{1 + n:02}", f"Item {n % 3}", n % 4 + 1, 10 + n) for n in range(20)]


def sold(quantity: str, price: str = "{}.50", *, priced: bool = True) -> list[tuple[object, ...]]:
    """Rows with a quantity, a price, and their product; the first format is for the quantity."""
    rows = []
    for number, day, item, units, euros in LINES:
        cents = units * (100 * euros + 50)
        amounts = (price.format(euros), f"{cents // 100}{price[2]}{cents % 100:02}")
        cells = (quantity.format(units), *(amounts if priced else amounts[1:]))
        rows.append((number, day, item, *(f'"{cell}"' for cell in cells)))
    return rows


@pytest.mark.parametrize(("quantity", "price"), [("{}.000", "{},50"), ("{},000", "{}.50")])
def test_a_price_proves_that_quantities_have_three_decimals(quantity: str, price: str) -> None:
    proposal = proposal_for("Receipt,Date,Item,Qty,Price,Total", sold(quantity, price))
    assert keys(proposal) == []
    assert proposal.contract["numbers"]["alternatives"] == [f"1234{quantity[2]}50"]
    assert "thousands" not in proposal.contract["numbers"]


def test_without_a_price_three_decimals_are_a_question() -> None:
    rows = sold("{}.000", "{},50", priced=False)
    assert keys(proposal_for("Receipt,Date,Item,Qty,Total", rows)) == ["quantity_decimals"]
    thousands = proposal_for("Receipt,Date,Item,Qty,Total", rows, quantity_decimals="no")
    assert thousands.contract["numbers"]["thousands"] == "."
    ones = proposal_for("Receipt,Date,Item,Qty,Total", rows, quantity_decimals="yes")
    assert ones.contract["numbers"]["alternatives"] == ["1234.50"]


def test_with_thousands_in_the_amounts_the_quantities_have_a_factor() -> None:
    rows = [
        (*row[:-1], f'"1.{row[-1].strip(chr(34)):0>6}"') for row in map(list, sold("{}.000", "{},50", priced=False))
    ]
    proposal = proposal_for("Receipt,Date,Item,Qty,Total", rows, quantity_decimals="yes")
    assert proposal.contract["amounts"]["factors"] == {"quantity": "0.001"}
    assert "alternatives" not in proposal.contract["numbers"]


def test_whole_quantities_are_no_question() -> None:
    assert keys(proposal_for("Receipt,Date,Item,Qty,Total", sold("{}", priced=False))) == []


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("Revenue (k€)", 1_000), ("Umsatz TEUR", 1_000), ("売上(千円)", 1_000), ("Sales in thousands", 1_000),
        ("Sales ($'000)", 1_000), ("売上（万円）", 10_000), ("Umsatz Mio EUR", 1_000_000), ("Total", 0), ("Kč", 0),
        ("Total €", 0), ("Stock €", 0), ("Tys", 1_000),
    ],
)  # fmt: skip
def test_units_in_the_names_of_amounts(name: str, factor: int) -> None:
    assert multiple_of_header(name) == factor


def test_amounts_in_thousands_are_a_question() -> None:
    header, rows = "Receipt,Date,Item,Qty,Revenue (k€)", sold("{}", priced=False)
    assert keys(proposal_for(header, rows)) == ["multiple"]
    assert proposal_for(header, rows, multiple="yes").contract["amounts"]["factors"] == {"net_amount": "1000"}
    assert "amounts" not in proposal_for(header, rows, multiple="no").contract


def test_two_columns_of_one_name_are_a_question_unless_they_are_equal() -> None:
    rows = [(*row, row[-1]) for row in sold("{}", priced=False)]
    assert keys(proposal_for("Receipt,Date,Item,Qty,Amount,Amount", rows)) == []
    rows = [(*row[:-1], 5 * n) for n, row in enumerate(rows)]
    proposal = proposal_for("Receipt,Date,Item,Qty,Amount,Amount", rows)
    (question,) = proposal.questions
    assert (question.key, question.choices) == ("column.net_amount", ("Amount", "Amount (6)", "-"))


@pytest.mark.parametrize(("price", "open_questions"), [("7.50", ["missing_quantity"]), ("2.50", []), ("", [])])
def test_rows_without_a_quantity_are_a_question_if_their_total_is_the_price(
    price: str, open_questions: list[str]
) -> None:
    header, rows = "Receipt,Date,Item,Qty,Price,Total", sold("{}")
    rows += [(2000 + n, "2026-03-28", "Extra", "", price, "7.50") for n in range(4)]
    assert keys(proposal_for(header, rows)) == open_questions
    if open_questions:
        one = proposal_for(header, rows, missing_quantity="1").contract
        assert one["where_missing"] == {"quantity": {"do": "default", "value": "1"}}
        assert "where_missing" not in proposal_for(header, rows, missing_quantity="-").contract
