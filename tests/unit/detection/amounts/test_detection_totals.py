"""The total of a line is found by what it contains, and a discount that consumes the sales is confirmed first."""

import io
from collections.abc import Sequence
from random import Random

import pytest
from proposals import ANSWERS, keys

from tillstream.detection import Proposal, propose

Row = Sequence[object]


def proposal_for(header: str, rows: Sequence[Row], **answers: str) -> Proposal:
    lines = [header, *(",".join(map(str, row)) for row in rows), ""]
    return propose(io.BytesIO("\n".join(lines).encode()), name="shop", answers=ANSWERS | answers)


def why(proposal: Proposal, about: str) -> str:
    return next(one.evidence for one in proposal.findings if one.about == about)


def sales(count: int = 60, *, seed: int = 1, lines: int = 1) -> list[tuple[int, str, int, float, float]]:
    """Sale number, day, quantity, price, discount."""
    draw = Random(seed)
    return [
        (
            1000 + number // lines,
            f"2026-03-{1 + number % 28:02}",
            draw.randint(1, 6),
            round(draw.uniform(2, 90), 2),
            round(draw.choice([0, 0.5, 1.25]), 2),
        )
        for number in range(count)
    ]


def test_a_total_of_an_unknown_name_is_proposed_with_the_share_of_rows() -> None:
    rows = [(no, day, q, p, d, round(q * p - d, 2)) for no, day, q, p, d in sales(50)]
    rows[7] = (*rows[7][:5], 3.21)
    proposal = proposal_for("Bon,Datum,Menge,Preis,Rabatt,MontantX", rows)
    assert (keys(proposal), proposal.contract["columns"]["net_amount"]) == ([], "MontantX")
    assert why(proposal, "total") == "MontantX is Menge × Preis − Rabatt in 98% of 50 rows"


def test_a_total_with_tax_of_an_unknown_name_is_the_gross_amount() -> None:
    rows = [(no, day, q, p, round(q * p * 0.2, 2), round(q * p * 1.2, 2)) for no, day, q, p, _ in sales()]
    proposal = proposal_for("Bon,Datum,Menge,Preis,MwSt,ZZ", rows)
    assert (keys(proposal), proposal.contract["columns"]["gross_amount"]) == ([], "ZZ")


def test_quantity_price_and_total_are_found_without_a_known_name() -> None:
    rows = [(no, day, q, p, round(q * p, 2), no * 7) for no, day, q, p, _ in sales()]
    proposal = proposal_for("Bon,Datum,aa,bb,cc,dd", rows)
    columns = proposal.contract["columns"]
    assert (columns["quantity"], columns["unit_price"], columns["net_amount"]) == ("aa", "bb", "cc")
    assert keys(proposal) == []


def test_quantity_price_and_total_are_found_without_a_header() -> None:
    rows = [(no, day, q, p, round(q * p, 2)) for no, day, q, p, _ in sales()]
    text = "\n".join(",".join(map(str, row)) for row in rows) + "\n"
    answers = ANSWERS | {"header": "0", "column.sale_id": "column 1"}
    columns = propose(io.BytesIO(text.encode()), name="shop", answers=answers).contract["columns"]
    assert (columns["quantity"], columns["unit_price"], columns["net_amount"]) == ("column 3", "column 4", "column 5")


def test_a_discount_of_an_unknown_name_is_found_by_the_total_that_it_explains() -> None:
    rows = [(no, day, q, p, d, round(q * p - d, 2)) for no, day, q, p, d in sales()]
    proposal = proposal_for("Bon,Datum,Menge,Preis,qq,Summe", rows)
    assert (keys(proposal), proposal.contract["columns"]["discount"]) == ([], "qq")
    assert why(proposal, "column.discount") == "Summe is Menge × Preis − qq in 100% of 60 rows"


@pytest.mark.parametrize("priced", [True, False])
def test_an_order_total_on_each_line_is_not_the_total_of_the_line(priced: bool) -> None:
    lines = sales(60, lines=3)
    totals: dict[int, float] = {}
    for no, _, q, p, _ in lines:
        totals[no] = round(totals.get(no, 0) + q * p, 2)
    rows = [(no, day, *((q, p) if priced else (q, round(q * p, 2))), totals[no]) for no, day, q, p, _ in lines]
    proposal = proposal_for(f"Order No,Date,Qty,{'Price' if priced else 'Zwischenbetrag'},Total", rows)
    assert "Total" not in proposal.contract["columns"].values()
    evidence = why(proposal, "order_total")
    assert "Total is the same on all lines of a sale, and is the sum of" in evidence
    assert "in 20 of 20 sales with several lines" in evidence


def test_a_total_of_orders_with_one_line_each_stays_the_total_of_the_line() -> None:
    rows = [(no, day, q, p, round(q * p, 2)) for no, day, q, p, _ in sales()]
    proposal = proposal_for("Order No,Date,Qty,Price,Total", rows)
    assert proposal.contract["columns"]["net_amount"] == "Total"


def test_a_named_total_that_contradicts_the_evidence_is_replaced() -> None:
    draw = Random(3)
    rows = [(no, day, q, p, draw.randint(1, 900), round(q * p, 2)) for no, day, q, p, _ in sales()]
    proposal = proposal_for("Order No,Date,Qty,Price,Total,Foo", rows)
    assert proposal.contract["columns"]["net_amount"] == "Foo"
    assert why(proposal, "column.extra") == "Total contradicts Qty × Price, so Foo is the total"


def test_two_totals_that_fit_equally_well_are_a_question() -> None:
    rows = [(no, day, q, p, round(q * p, 2), round(q * p, 2)) for no, day, q, p, _ in sales(40)]
    rows[3], rows[4] = (*rows[3][:4], 1.11, rows[3][5]), (*rows[4][:5], 2.22)
    proposal = proposal_for("Order No,Date,Qty,Price,Foo,Bar", rows)
    assert keys(proposal) == ["column.net_amount"]
    assert proposal.questions[0].choices == ("Foo", "Bar", "-")


CONSUMED = [(no, day, q, p, round(q * p + 1, 2)) for no, day, q, p, _ in sales(40)]


def test_a_column_that_leaves_nothing_of_the_sales_is_not_offered_as_a_discount() -> None:
    proposal = proposal_for("Order No,Date,Qty,Price,Foo", CONSUMED)
    assert (keys(proposal), "discount" in proposal.contract["columns"]) == ([], False)


@pytest.mark.parametrize(("name", "answers"), [("Foo", {"column.discount": "Foo"}), ("Discount", {})])
def test_a_discount_that_leaves_nothing_of_the_sales_is_confirmed_first(name: str, answers: dict[str, str]) -> None:
    header = f"Order No,Date,Qty,Price,{name}"
    proposal = proposal_for(header, CONSUMED, **answers)
    assert (keys(proposal), "discount" in proposal.contract["columns"]) == (["discount_confirmed"], False)
    _, _, quantity, price, discount = CONSUMED[0]
    assert proposal.questions[0].evidence == (
        f"with {name} as the discount, 100% of 40 rows have a net amount of zero or less; in line 2, "
        f"{quantity} × {price:g} − {discount:g} is -1"
    )
    for answer in ("yes", "no"):
        answered = proposal_for(header, CONSUMED, **answers, discount_confirmed=answer)
        assert (keys(answered), "discount" in answered.contract["columns"]) == ([], answer == "yes")


def test_a_column_that_is_the_full_price_in_most_rows_and_never_more_can_be_the_total() -> None:
    rows = [
        (no, day, q, p, round(q * p * (0.9 if n % 3 == 0 else 1), 2)) for n, (no, day, q, p, _) in enumerate(sales(60))
    ]
    proposal = proposal_for("Order No,Date,Qty,Price,ZVK7", rows)
    assert keys(proposal) == ["column.net_amount"]
    assert proposal.questions[0].choices == ("ZVK7", "-")
    assert proposal.questions[0].evidence.startswith("ZVK7 is Qty × Price in 6")
    assert proposal.questions[0].evidence.endswith("% of 60 rows, and less in the others")
    answered = proposal_for("Order No,Date,Qty,Price,ZVK7", rows, **{"column.net_amount": "ZVK7"})
    assert (keys(answered), answered.contract["columns"]["net_amount"]) == ([], "ZVK7")


def test_a_discount_that_equals_the_price_can_be_a_price() -> None:
    rows = [(no, day, q, p, round(p * (0.9 if n % 3 == 0 else 1), 2)) for n, (no, day, q, p, _) in enumerate(sales(60))]
    rows = [row if row[2] > 1 else (*row[:2], 2, *row[3:]) for row in rows]
    header = "Order No,Date,Qty,Price,Discount"
    assert keys(proposal_for(header, rows)) == ["discount_confirmed"]
    refused = proposal_for(header, rows, discount_confirmed="no")
    assert [(question.key, question.choices) for question in refused.questions] == [
        ("column.unit_price", ("Discount", "Price"))
    ]
    answered = proposal_for(header, rows, discount_confirmed="no", **{"column.unit_price": "Discount"})
    assert (keys(answered), answered.contract["columns"]["unit_price"]) == ([], "Discount")
