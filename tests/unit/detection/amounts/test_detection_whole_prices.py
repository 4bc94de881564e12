"""Prices with dashes instead of decimals, and negative amounts with a triangle."""

import io

import pytest

from tillstream.detection import Proposal, propose
from tillstream.detection.amounts.arithmetic import to_float
from tillstream.detection.values.numbers import DetectedNumberStyle, NumberShape, pattern_of, shape_of


def proposal_for(prices: list[str], quantities: list[int]) -> Proposal:
    rows = [
        f"{1000 + n};2026-03-{1 + n:02};Lamp {n};{quantity};{price}"
        for n, (price, quantity) in enumerate(zip(prices, quantities, strict=True))
    ]
    text = "\n".join(["No;Date;Item;Qty;Total", *rows, ""])
    return propose(io.BytesIO(text.encode()), name="shop", answers={"region": "CH", "country": "-", "currency": "CHF"})


@pytest.mark.parametrize(
    ("cell", "shape"),
    [
        ("39.-", NumberShape(decimal=".")),
        ("39,--", NumberShape(decimal=",")),
        ("1'039.–", NumberShape(decimal=".", thousands="'")),
        ("1.039,-", NumberShape(decimal=",", thousands=".")),
        ("Fr. 39.–", NumberShape(decimal=".", sign="Fr.")),
        ("39,- €", NumberShape(decimal=",", sign="€")),
        ("△1,200円", NumberShape(ambiguous=",", sign="円")),
        ("39.5.-", None),
        ("1.039.-", None),
        ("39-", NumberShape()),
    ],
)
def test_the_format_of_a_cell(cell: str, shape: NumberShape | None) -> None:
    assert shape_of(pattern_of(cell)) == shape


def test_dashes_instead_of_decimals_are_no_minus_sign() -> None:
    style = DetectedNumberStyle(".", "'")
    cells = {
        "1'039.–": 1039,
        "39.-": 39,
        "-39.-": -39,
        "39-": -39,
        "39.- CHF": 39,
        "△39": -39,
        "Fr. -39.-": -39,
        ".5": 0.5,
    }
    assert {cell: to_float(cell, style) for cell in cells} == cells


def test_whole_prices_are_a_total_without_returns() -> None:
    proposal = proposal_for(["39.-", "54.50", "1'249.–", "19.95", "89.-", "24.75"], [1, 2, 1, 1, 1, 3])
    assert proposal.contract["columns"]["net_amount"] == "Total"
    assert "status" not in proposal.contract
    assert all(question.key != "returns" for question in proposal.questions)


def test_a_triangle_before_an_amount_is_a_minus_sign() -> None:
    proposal = proposal_for(["3,990", "12,950", "△3,990", "2,475", "5,400", "1,995"], [1, 1, -1, 1, 2, 1])
    assert all(question.key != "returns" for question in proposal.questions)
    assert proposal.contract["status"] == {"negative_quantity": "returned"}
