"""Columns that a source writes only in the first row of an order."""

import io

from tillstream.detection import Proposal, propose

WITHIN = "Order,Day,Buyer,Bill total,Product,Qty,Price\n" + "".join(
    f"N{100 + number},2026-02-{number:02},Ada,12.50,Mug,1,10.00\nN{100 + number},,,,Tea,1,2.50\n"
    for number in range(1, 9)
)
TOGETHER = "Order,Day,Note,Product,Qty,Price\n" + "".join(
    f"N{100 + number},2026-02-{number:02},,Mug,1,10.00\n,,,Tea,1,2.50\n" for number in range(1, 9)
)
SUBTOTALS = "Order,Day,Product,Qty,Price\n" + "".join(
    f"N{100 + number},2026-02-{number:02},Mug,1,10.00\n,,,1,10.00\n" for number in range(1, 9)
)


def detected(text: str, **answers: str) -> Proposal:
    return propose(io.BytesIO(text.encode()), name="x", answers=answers)


def test_columns_that_are_empty_in_the_later_rows_of_an_order_are_filled_within_it() -> None:
    proposal = detected(WITHIN)
    file = proposal.contract["file"]
    assert file["fill_down"] == ["Day", "Buyer"]
    assert file["fill_down_within"] == "Order"
    evidence = next(finding.evidence for finding in proposal.findings if finding.about == "fill_down")
    assert evidence == "Day and Buyer are empty exactly in the later rows of the same Order, so they are those above"


def test_an_amount_in_the_first_row_of_an_order_is_no_total_of_a_line() -> None:
    assert "Bill total" not in detected(WITHIN).contract["columns"].values()


def test_columns_that_are_empty_together_need_an_answer() -> None:
    question = next(one for one in detected(TOGETHER).questions if one.key == "fill_down")
    assert question.words == "Do empty cells of Order and Day mean the value above?"
    assert question.evidence == "both are empty in the same 8 rows"
    assert question.lines == (3, 5, 7)
    answered = detected(TOGETHER, fill_down="yes")
    assert answered.contract["file"]["fill_down"] == ["Order", "Day"]
    assert all(one.key != "fill_down" for one in answered.questions)


def test_empty_cells_stay_empty_after_the_answer_no() -> None:
    for text in (WITHIN, TOGETHER):
        assert "fill_down" not in detected(text, fill_down="no").contract["file"]


def test_rows_without_a_product_are_not_filled_because_they_may_be_subtotals() -> None:
    proposal = detected(SUBTOTALS)
    assert "fill_down" not in proposal.contract["file"]
    assert all(question.key != "fill_down" for question in proposal.questions)


def test_a_file_without_empty_cells_needs_nothing() -> None:
    text = "Order,Day,Product,Qty,Price\n" + "".join(f"N{n},2026-02-{n:02},Mug,1,10.00\n" for n in range(10, 20))
    assert "fill_down" not in detected(text).contract["file"]


def test_amounts_of_the_first_row_of_an_order_are_not_those_of_its_line_without_other_gaps() -> None:
    rows = ["Order number,Date,Item,Qty,Price,Coupon discount,Total"]
    for number, price in enumerate((10.0, 25.5, 12.5, 40.0, 99.9, 6.0)):
        goods, coupon = 3 * price + 20.25, 5 if number % 2 else 0
        order = f"{100 + number},2026-03-{14 + number}"
        rows += [f"{order},Mug,3,{price},{coupon:.2f},{goods - coupon:.2f}", f"{order},Tea,1,20.25,,"]
    answers = {"region": "North", "country": "-", "currency": "EUR", "time_zone": "UTC", "identity": "Order number"}
    proposal = propose(io.BytesIO("\n".join([*rows, ""]).encode()), name="shop", answers=answers)
    assert proposal.questions == ()
    assert proposal.contract["columns"]["discount"] == "Coupon discount"
    assert "net_amount" not in proposal.contract["columns"]


def test_totals_of_orders_beside_columns_that_are_empty_together_are_no_total_of_a_line() -> None:
    text = "Order,Day,Net Total,Product,Qty,Rate,Amount\n" + "".join(
        f"N{100 + n},2026-02-{n:02},{10 * n + 2.5},Mug,{n},10.00,{n}0.00\n,,,Tea,1,2.50,2.50\n" for n in range(1, 9)
    )
    columns = detected(text, fill_down="yes").contract["columns"]
    assert columns["net_amount"] == "Amount"
    assert "Net Total" not in columns.values()


def test_totals_in_the_last_row_of_an_order_are_no_totals_of_a_line() -> None:
    text = "Order,Day,Product,Qty,Price,Subtotal,Order Total\n" + "".join(
        f"N{100 + n},2026-02-{n:02},Mug,1,10.00,,\nN{100 + n},2026-02-{n:02},Tea,{n},2.50,{10 + 2.5 * n:.2f},"
        f"{11 + 2.75 * n:.2f}\n"
        for n in range(1, 9)
    )
    columns = detected(text).contract["columns"]
    assert (columns["quantity"], columns["unit_price"]) == ("Qty", "Price")
    assert {"net_amount", "gross_amount"}.isdisjoint(columns)
