"""A name shows whether the tax is included; totals that differ by an even rate are asked about."""

import io
from collections.abc import Sequence

import pytest

from tillstream.detection import Proposal, propose
from tillstream.detection.words.headers import match_header, tax_words

ANSWERS = {"region": "North", "country": "-", "currency": "EUR", "identity": "content"}
PRICES = [4.35, 19.5, 7.95, 59.0, 119.99, 24.9, 12.5, 9.75]


def proposal_for(header: str, rows: Sequence[str], **answers: str) -> Proposal:
    """A proposal for rows of these cells, after a day."""
    lines = [f"2026-03-{13 + number},{row}" for number, row in enumerate(rows)]
    text = "\n".join([f"Date,{header}", *lines, ""])
    return propose(io.BytesIO(text.encode()), name="shop", answers=ANSWERS | answers)


@pytest.mark.parametrize(
    ("header", "word", "role"),
    [
        ("Price incl. VAT", "gross", "unit_price"),
        ("Preis inkl. MwSt.", "gross", "unit_price"),
        ("Bruttopreis", "gross", "unit_price"),
        ("Cena brutto", "gross", "unit_price"),
        ("Precio IVA incluido", "gross", "unit_price"),
        ("単価(税込)", "gross", "unit_price"),
        ("Total (inc GST)", "gross", "gross_amount"),
        ("Subtotal (inc tax)", "gross", "gross_amount"),
        ("Zwischensumme (brutto)", "gross", "gross_amount"),
        ("Subtotal (ex tax)", "net", "net_amount"),
        ("合計(税抜)", "net", "net_amount"),
        ("Total ex VAT", "net", "net_amount"),
        ("Umsatz ohne MwSt", "net", "net_amount"),
        ("Prix unitaire HT", "net", "unit_price"),
    ],
)
def test_a_name_shows_whether_the_tax_is_included(header: str, word: str, role: str) -> None:
    assert (tax_words(header), [match.role for match in match_header(header)]) == (word, [role])


@pytest.mark.parametrize(
    "header", ["Price", "VAT", "VAT included", "Nettogewicht", "Menge netto", "Contax price", "Index"]
)
def test_other_names_show_nothing_about_the_tax_of_an_amount(header: str) -> None:
    assert not tax_words(header) or match_header(header) == ()


def test_prices_with_tax_by_their_name_need_the_rate() -> None:
    rows = [f"2,{price:.2f}" for price in PRICES]
    (question,) = proposal_for("Qty,Price incl. VAT", rows).questions
    assert question.key == "tax_rate"


def test_a_total_of_prices_with_tax_is_gross() -> None:
    rows = [f"2,{price:.2f},{2 * price:.2f}" for price in PRICES]
    proposal = proposal_for("Qty,Price incl. VAT,Total", rows, tax_rate="0.2")
    assert (proposal.questions, proposal.contract["columns"]["gross_amount"]) == ((), "Total")


def test_a_column_that_is_the_total_less_an_even_rate_is_a_question() -> None:
    rows = [f"{price * (1.2 if number % 2 else 1.05):.2f},{price:.2f}" for number, price in enumerate(PRICES)]
    (question,) = proposal_for("Total,Taxable", rows).questions
    assert (question.key, question.choices, question.default) == ("column.net_amount", ("Taxable", "Total"), "Taxable")
    assert question.evidence == "Total is Taxable plus 20% or 5%, like a total with tax"
    assert proposal_for("Total,Points", [f"{price:.2f},{7 * price:.2f}" for price in PRICES]).questions == ()
