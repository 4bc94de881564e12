"""The decimal separator, quantities with three decimals or without a number, and amounts in thousands."""

import io

import pytest
from test_detection_totals import keys, proposal_for

from tillstream.detection import Proposal, propose
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


PRICES = ((3, 980), (2, 1200), (1, 450), (5, 1980), (4, 650), (10, 120))


def proposed(rows: list[str]) -> Proposal:
    text = "\n".join(["日付,伝票番号,商品名,数量,単価,金額", *rows])
    return propose(io.BytesIO(text.encode("cp932")), name="x")


def open_keys(proposal: Proposal) -> set[str]:
    return {question.key for question in proposal.questions}


def rows(sign: str = ",", *, prices: tuple[tuple[int, int], ...] = PRICES, more: int = 0) -> list[str]:
    cells = [(units, f"{price:,}", f"{units * price + more:,}") for units, price in prices]
    lines = enumerate((units, price.replace(",", sign), total.replace(",", sign)) for units, price, total in cells)
    return [f'2026年11月{16 + n}日,{1001 + n},品{n},{units},"{price}","{total}"' for n, (units, price, total) in lines]


@pytest.mark.parametrize(("sign", "decimal"), [(",", "."), (".", ",")])
def test_a_product_below_a_thousand_times_units_shows_that_the_sign_groups_thousands(sign: str, decimal: str) -> None:
    proposal = proposed(rows(sign))
    assert "decimal" not in open_keys(proposal)
    assert (proposal.contract["numbers"]["decimal"], proposal.contract["numbers"]["thousands"]) == (decimal, sign)
    evidence = next(finding.evidence for finding in proposal.findings if finding.about == "decimal")
    assert evidence == f"数量 × 単価 is 金額 in all 6 rows, as in 3 × 980 = 2{sign}940"


def test_weights_of_three_decimals_are_no_thousands() -> None:
    weighed = [
        f'2026年11月{16 + number}日,{1001 + number},品{number},"{units}",{price},"{total}"'
        for number, (units, price, total) in enumerate([("1,250", 200, 250), ("1,125", 800, 900), ("2,375", 400, 950)])
    ]
    proposal = proposed(weighed)
    assert proposal.contract["numbers"]["decimal"] == ","


@pytest.mark.parametrize(
    "ambiguous",
    [
        pytest.param(rows(prices=((3, 1250), (2, 1200), (4, 2500))), id="both readings agree"),
        pytest.param(rows(more=100), id="no reading agrees"),
        pytest.param([*rows(), '2026年11月30日,2000,品,3,"1,000","2,900"'], id="one row differs"),
        pytest.param(rows(prices=((3, 980), (2, 1200), (4, 2500))), id="one total is no proof"),
    ],
)
def test_without_a_proof_in_all_rows_the_separator_is_open(ambiguous: list[str]) -> None:
    assert "decimal" in open_keys(proposed(ambiguous))
