"""A price that is the amount of a whole line is asked about, because quantity × price would count it several times."""

import io

from tillstream.detection import Proposal, propose
from tillstream.detection.evidence import Question

ANSWERS = {"region": "North", "country": "-", "currency": "EUR", "time_zone": "UTC", "identity": "No"}
PRICES = {"Mug": 12.5, "Bowl": 9.75, "Tea": 4.2, "Lamp": 59.0}


def proposal_for(*, of_lines: bool, postage: bool = False, products: bool = True, **answers: str) -> Proposal:
    """24 sales of one to three units, whose price is that of the line or of one unit, perhaps with postage on top."""
    rows = []
    for number in range(24):
        product, quantity = list(PRICES)[number % 4], 1 + number // 4 % 3
        price = PRICES[product] * (quantity if of_lines else 1)
        cells = [str(1000 + number), f"2026-03-{1 + number:02}", product if products else "", str(quantity)]
        cells += [f"{price:.2f}", *([f"{price + 4.9:.2f}", "4.90"] if postage else [])]
        rows.append(",".join(cells))
    header = f"No,Date,Item,Qty,Price{',Paid,Postage' if postage else ''}"
    return propose(io.BytesIO("\n".join([header, *rows, ""]).encode()), name="shop", answers=ANSWERS | answers)


def question_of(proposal: Proposal) -> Question | None:
    return next((one for one in proposal.questions if one.key == "column.net_amount"), None)


def test_prices_that_grow_with_the_quantity_are_a_question() -> None:
    question = question_of(proposal_for(of_lines=True))
    assert question is not None
    assert question.words == "Is Price the amount of the whole line, and not that of one unit?"
    assert (question.choices, question.default, question.none) == (("Price", "-"), "Price", "the price of a unit")
    assert question.evidence == "Price grows with Qty for 4 of 4 products with several quantities, such as Bowl"


def test_the_answer_decides_whether_the_price_is_multiplied() -> None:
    line = proposal_for(of_lines=True, **{"column.net_amount": "Price"}).contract["columns"]
    assert (line["net_amount"], "unit_price" in line) == ("Price", False)
    unit = proposal_for(of_lines=True, **{"column.net_amount": "-"})
    assert unit.contract["columns"]["unit_price"] == "Price"
    assert question_of(unit) is None


def test_prices_that_do_not_depend_on_the_quantity_are_no_question() -> None:
    assert question_of(proposal_for(of_lines=False)) is None


def test_a_sum_of_the_price_and_a_charge_shows_it_without_products() -> None:
    question = question_of(proposal_for(of_lines=True, postage=True, products=False))
    assert question is not None
    assert question.evidence == "Paid is Price plus Postage, also in 16 rows of several units"


def test_numbers_contradict_the_known_columns_of_a_program() -> None:
    header = "Sales Record Number,Order Number,Item Title,Custom Label,Quantity,Sold For,Shipping,Total Price,Sale Date"
    rows = [
        f"{n},12-{n}-5,Lamp {n % 4},L{n % 4},{1 + n % 3},{30 + n}.00,4.90,{34 + n}.90,Nov-{10 + n}-25"
        for n in range(12)
    ]
    text = "\n".join([header, *rows, ""]).encode()
    answers = ANSWERS | {"identity": "Order Number"}
    question = question_of(propose(io.BytesIO(text), name="shop", answers=answers))
    assert question is not None
    assert question.choices == ("Sold For", "-")
    answered = propose(io.BytesIO(text), name="shop", answers=answers | {"column.net_amount": "Sold For"})
    assert answered.contract["columns"]["net_amount"] == "Sold For"
    assert "unit_price" not in answered.contract["columns"]
