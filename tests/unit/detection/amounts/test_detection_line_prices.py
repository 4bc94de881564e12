"""A price that is the amount of a whole line is asked about, because quantity × price would count it several times."""

import io

import pytest

from tillstream.detection import Proposal, propose
from tillstream.detection.evidence import DetectionQuestion

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


def question_of(proposal: Proposal) -> DetectionQuestion | None:
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
    assert question.default == ""


@pytest.mark.parametrize("quantities", [(100, 200, 250, 500, 1000), (10, 20), (2, 1)])
def test_small_prices_of_one_unit_do_not_grow_with_large_quantities(quantities: tuple[int, ...]) -> None:
    prices = {"Screw M3": 0.04, "Screw M4": 0.06, "Nut M4": 0.03, "Washer": 0.02, "Bracket": 0.85}
    rows = [
        f"{1000 + number},2026-03-{1 + number % 28:02},{item},{quantity},{price + number % 2 / 100:.2f}"
        for number, (quantity, (item, price)) in enumerate((one, two) for one in quantities for two in prices.items())
    ]
    text = "\n".join(["No,Date,Item,Qty,Unit price", *rows, ""]).encode()
    assert question_of(propose(io.BytesIO(text), name="shop", answers=ANSWERS)) is None


def test_the_rounding_of_small_prices_of_lines_does_not_hide_that_they_grow() -> None:
    rows = [
        f"{number},2026-03-{1 + number:02},Nut {number % 4},{quantity},{quantity * 0.0137 * (1 + number % 4):.2f}"
        for number, quantity in enumerate(one for one in (300, 50, 125, 7) for _ in range(4))
    ]
    text = "\n".join(["No,Date,Item,Qty,Price", *rows, ""]).encode()
    question = question_of(propose(io.BytesIO(text), name="shop", answers=ANSWERS))
    assert question is not None
    assert question.default == "Price"


@pytest.mark.parametrize(
    ("header", "more"),
    [("Price,VAT,Price incl VAT", 0.2), ("Unit price,Tax,Price with tax", 0.2), ("Price,Markdown,List price", 0.1)],
)
@pytest.mark.parametrize("rise", [0.0, 0.01])
def test_a_sum_of_columns_of_one_unit_is_no_question(header: str, more: float, rise: float) -> None:
    rows = []
    for number in range(24):
        product, quantity = list(PRICES)[number % 4], 1 + number // 4 % 3
        price = PRICES[product] + 1 + rise * number
        charge = round(price * more, 2)
        cells = (1000 + number, f"2026-03-{1 + number:02}", product, quantity)
        rows.append(",".join([*map(str, cells), *(f"{one:.2f}" for one in (price, charge, price + charge))]))
    text = "\n".join([f"No,Date,Item,Qty,{header}", *rows, ""]).encode()
    assert question_of(propose(io.BytesIO(text), name="shop", answers=ANSWERS)) is None


def test_a_sum_does_not_show_prices_of_lines_if_those_of_products_are_constant() -> None:
    assert question_of(proposal_for(of_lines=False, postage=True)) is None


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
