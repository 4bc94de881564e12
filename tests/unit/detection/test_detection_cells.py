"""Cells as exports write them: units, minus signs behind numbers, codes of currencies, digits of other scripts."""

import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from tillstream.detection import Proposal, propose
from tillstream.model.contract import parse_contract
from tillstream.model.uploads import FileFigures
from tillstream.pipeline.staging.figures import read_figures

ANSWERS = {"region": "North", "country": "-", "time_zone": "UTC"}
LINES = [(1000 + n, f"2026-03-{1 + n:02}", n % 4 + 1, Decimal(f"{10 + n}.50")) for n in range(20)]
UNITS = sum(units for *_, units, _ in LINES)
REVENUE = sum(amount for *_, amount in LINES)


def load(
    quantity: Callable[[int], str] = str,
    amount: Callable[[Decimal], str] = str,
    currency: Callable[[int], str] = lambda _: "EUR",
    **answers: str,
) -> tuple[Proposal, FileFigures | None]:
    rows = [f'{no},{day},"{quantity(units)}","{amount(net)}",{currency(no)}' for no, day, units, net in LINES]
    data = "\n".join(["Receipt,Date,Quantity,Net amount,Currency", *rows, ""]).encode()
    proposal = propose(io.BytesIO(data), name="shop", answers=ANSWERS | answers)
    if proposal.questions:
        return proposal, None
    return proposal, read_figures(
        lambda: io.BytesIO(data), parse_contract(proposal.contract), date(2026, 6, 1), file="a.csv"
    )


@pytest.mark.parametrize("word", [" pcs", " Stk.", "x", " kg", " шт.", "個"])
def test_quantities_with_a_unit_are_numbers(word: str) -> None:
    _, figures = load(quantity=lambda units: f"{units}{word}")
    assert figures
    assert (figures.units, figures.quarantined) == (UNITS, 0)


def test_several_words_for_a_piece_are_one_unit() -> None:
    _, figures = load(quantity=lambda units: f"{units} {'pc' if units == 1 else 'pcs'}")
    assert figures
    assert figures.units == UNITS


def test_quantities_of_different_units_are_not_added() -> None:
    proposal, _ = load(quantity=lambda units: f"{units} {'kg' if units == 1 else 'g'}")
    assert "column.quantity" in {question.key for question in proposal.questions}


@pytest.mark.parametrize("style", ["{}-", "({})", "−{}", "-{}", "{}−", "-€{}", "(€{})", "{} €-"])
def test_a_minus_sign_is_found_where_programs_write_it(style: str) -> None:
    _, figures = load(amount=lambda net: style.format(net) if net < 12 else str(net), returns="keep")
    negative = sum(amount for *_, amount in LINES if amount < 12)
    assert figures
    assert figures.amounts[0].revenue == REVENUE - 2 * negative


@pytest.mark.parametrize("sign", ["Rp{}", "{} usd", "SEK {}", "{} Kč", "{} lei", "RM{}"])
def test_codes_and_signs_of_currencies_beside_a_number_are_removed(sign: str) -> None:
    _, figures = load(amount=sign.format)
    assert figures
    assert (figures.amounts[0].revenue, figures.quarantined) == (REVENUE, 0)


def test_lower_case_codes_are_currencies() -> None:
    _, figures = load(currency=lambda number: "usd" if number % 2 else "Usd")
    assert figures
    assert [(one.currency, one.revenue) for one in figures.amounts] == [("USD", REVENUE)]


def test_digits_of_other_scripts_are_numbers() -> None:
    arabic = str.maketrans("0123456789.", "٠١٢٣٤٥٦٧٨٩٫")
    _, figures = load(lambda units: str(units).translate(arabic), lambda net: str(net).translate(arabic))
    assert figures
    assert (figures.units, figures.amounts[0].revenue) == (UNITS, REVENUE)
