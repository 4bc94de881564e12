"""Candidates for a role are ranked by what they contain."""

import io

import pytest

from tillstream.detection import Proposal, propose

DAYS = [f"2026-02-{day:02}" for day in range(10, 26)]


def detected(header: str, row: str) -> Proposal:
    rows = "".join(row.format(n=number, day=day) + "\n" for number, day in enumerate(DAYS, 100))
    return propose(io.BytesIO(f"{header}\n{rows}".encode()), name="x")


def test_an_empty_column_is_neither_number_date_total_nor_product() -> None:
    proposal = detected("Order,Date,Product,Total,Order No,Order Date", ",,,,A{n},{day}")
    assert {"Order", "Date", "Product", "Total"}.isdisjoint(proposal.contract["columns"].values())


def test_of_two_dates_the_one_that_is_mostly_empty_is_left_out() -> None:
    header = "Order No,Order Date,Invoice Date,Product,Qty,Price"
    rows = "".join(f"A{n},{day},{day if n < 103 else ''},Mug,1,2.50\n" for n, day in enumerate(DAYS, 100))
    proposal = propose(io.BytesIO(f"{header}\n{rows}".encode()), name="x")
    assert proposal.contract["columns"]["date"] == "Order Date"
    assert all(question.key != "column.date" for question in proposal.questions)


def test_an_amount_is_no_sale_number_whatever_its_name() -> None:
    proposal = detected("Sale (Dollars),Date,Product,Bottles,Each", "$25.00,{day},Mug,2,$12.50")
    assert "sale_id" not in proposal.contract["columns"]


def test_a_column_that_differs_in_all_rows_and_ascends_is_proposed_as_the_sale_number() -> None:
    proposal = detected("Zeichen,Date,Product,Qty,Price", "INV-{n},{day},Mug,1,2.50")
    question = next(one for one in proposal.questions if one.key == "identity")
    assert question.choices[0] == "Zeichen"
    assert question.evidence == "Zeichen is filled, differs in all 16 sampled rows and ascends, as a sale number does"
    assert question.lines == (2, 3)


def test_numbers_with_the_letters_of_several_documents_ascend_by_their_digits() -> None:
    rows = "".join(f"{'CN' if n == 103 else 'INV'}-{n},{day},Mug{n},1,2.50\n" for n, day in enumerate(DAYS[:6], 100))
    proposal = propose(io.BytesIO(f"Doc,Date,Product,Qty,Price\n{rows}".encode()), name="x")
    choices = {question.key: question.choices for question in proposal.questions}
    assert choices["identity"][0] == "Doc"
    assert "rows.CN" in choices


def test_a_number_in_no_order_is_offered_behind_the_columns_that_identify_a_line() -> None:
    rows = "".join(f"K{n * 7919 % 900 + 100},{day},Mug{n},1,2.50\n" for n, day in enumerate(DAYS, 100))
    proposal = propose(io.BytesIO(f"Zeichen,Date,Product,Qty,Price\n{rows}".encode()), name="x")
    question = next(one for one in proposal.questions if one.key == "identity")
    assert question.choices == ("Date", "Zeichen", "content")
    assert question.evidence.startswith("Date differs in all 16 sampled rows; ")


def test_a_number_may_descend_because_the_latest_sales_are_often_first() -> None:
    rows = "".join(f"K{500 - n},{day},Mug,1,2.50\n" for n, day in enumerate(reversed(DAYS)))
    proposal = propose(io.BytesIO(f"Zeichen,Date,Product,Qty,Price\n{rows}".encode()), name="x")
    question = next(one for one in proposal.questions if one.key == "identity")
    assert question.choices[0] == "Zeichen"
    assert question.evidence == "Zeichen is filled, differs in all 16 sampled rows and descends, as a sale number does"


@pytest.mark.parametrize(
    ("header", "quantity"),
    [("Order No,Date,Lineitem name,Lineitem quantity,Lineitem price", "Lineitem quantity"),
     ("Order No,Date,Item,Kg,Price/kg", "Kg"), ("Order No,Date,Item,Item Qty,Price", "Item Qty")],
)  # fmt: skip
def test_line_items_and_weights_are_quantities_with_a_price(header: str, quantity: str) -> None:
    columns = detected(header, "A{n},{day},Mug,2,12.50").contract["columns"]
    assert (columns["quantity"], columns["unit_price"]) == (quantity, header.rsplit(",", maxsplit=1)[-1])


def test_a_column_of_zeros_and_ones_is_no_total_whatever_its_name() -> None:
    proposal = detected("Order No,Date,Product,Qty,Price,net", "A{n},{day},Mug,2,12.50,0")
    assert "net_amount" not in proposal.contract["columns"]
    assert "net_amount" in detected("Order No,Date,Product,Qty,net", "A{n},{day},Mug,2,10").contract["columns"]


def test_of_two_numbers_of_the_same_sales_the_longer_one_identifies_them() -> None:
    proposal = detected("Order ID,Order Number,Date,Product,Qty,Price", "{n},A{n},{day},Mug,2,12.50")
    assert proposal.contract["columns"]["sale_id"] == "Order Number"
    assert all(question.key != "column.sale_id" for question in proposal.questions)
    rows = "".join(f"{n},A{n // 2},{day},Mug,2,12.50\n" for n, day in enumerate(DAYS, 100))
    differing = propose(io.BytesIO(f"Order ID,Order Number,Date,Product,Qty,Price\n{rows}".encode()), name="x")
    assert "column.sale_id" in {question.key for question in differing.questions}


def test_without_column_names_only_their_line_is_a_question() -> None:
    rows = "".join(f"{n},{day},Mug,1,2.50\n" for n, day in enumerate(DAYS, 100))
    (question,) = propose(io.BytesIO(rows.encode()), name="x").questions
    assert (question.key, question.default) == ("header", "0")
    answered = propose(io.BytesIO(rows.encode()), name="x", answers={"header": "0"})
    assert "header" not in {one.key for one in answered.questions}
