"""A tax column with rates is no column of amounts, and a total beside it may contain the tax."""

import io
from collections.abc import Sequence

import pytest

from tillstream.detection import Proposal, propose

ANSWERS = {"region": "North", "country": "-", "currency": "EUR", "time_zone": "UTC", "identity": "content"}
AMOUNTS = [4.35, 19.5, 7.95, 59.0, 119.99, 24.9, 12.5, 9.75, 36.0, 118.0, 239.98, 6.4]


def proposal_for(header: str, rows: Sequence[str], **answers: str) -> Proposal:
    """A proposal for rows of these cells, after a day."""
    lines = [f"2026-03-{13 + number},{row}" for number, row in enumerate(rows)]
    text = "\n".join([f"Date,{header}", *lines, ""])
    return propose(io.BytesIO(text.encode()), name="shop", answers=ANSWERS | answers)


def with_tax(header: str, taxes: Sequence[object], *, total: str = "Gross total", **answers: str) -> Proposal:
    rows = [f"{amount:.2f},{taxes[number % len(taxes)]}" for number, amount in enumerate(AMOUNTS)]
    return proposal_for(f"{total},{header}", rows, **answers)


def tax_of(proposal: Proposal) -> object:
    return proposal.contract["amounts"].get("tax", "amount")


@pytest.mark.parametrize(
    ("header", "taxes", "kind"),
    [
        ("VAT", ["19", "7", "0"], "percent"),
        ("MwSt", ["19.00"], "percent"),
        ("VAT", ["8.25"], "percent"),
        ("VAT", ["0.19", "0.07"], "rate"),
        ("VAT", ["19%", "7 %"], "percent"),
        ("VAT rate", ["0.19"], "rate"),
        ("VAT rate", ["19"], "percent"),
    ],
)
def test_rates_beside_a_gross_total_are_the_tax_of_their_rows(header: str, taxes: list[str], kind: str) -> None:
    proposal = with_tax(header, taxes)
    assert proposal.questions == ()
    assert (tax_of(proposal), proposal.contract["columns"]["tax"]) == (kind, header)
    (reason,) = (finding.evidence for finding in proposal.findings if finding.about == "tax")
    assert "rates" in reason


def test_amounts_of_tax_stay_amounts() -> None:
    proposal = with_tax("VAT", [f"{amount - amount / 1.19:.2f}" for amount in AMOUNTS])
    assert (tax_of(proposal), proposal.questions) == ("amount", ())


def test_a_total_beside_a_rate_may_contain_it() -> None:
    rows = [f"2,{amount:.2f},{2 * amount:.2f},20%" for amount in AMOUNTS]
    proposal = proposal_for("Qty,Unit price,Total,Tax", rows)
    assert [question.key for question in proposal.questions] == ["amount"]
    gross = proposal_for("Qty,Unit price,Total,Tax", rows, amount="gross").contract
    assert gross["amounts"] == {"include": "tax", "tax": "percent"}
    assert "tax" not in proposal_for("Qty,Unit price,Total,Tax", rows, amount="net").contract["columns"]


def test_a_total_that_adds_the_rate_is_proved() -> None:
    rows = [f"2,{amount:.2f},{2 * amount * 1.2:.2f},20" for amount in AMOUNTS]
    proposal = proposal_for("Qty,Unit price,Total,VAT", rows)
    assert proposal.questions == ()
    assert proposal.contract["columns"]["gross_amount"] == "Total"


@pytest.mark.parametrize("taxes", [["1", "2", "3"], ["1", "2"]])
def test_small_numbers_that_may_be_codes_are_a_question(taxes: list[str]) -> None:
    (question,) = with_tax("VAT", taxes).questions
    assert (question.key, question.choices) == ("tax", ("amount", "rate", "percent", "-"))
    assert question.evidence.startswith(f"VAT contains only {', '.join(taxes)}, in rows whose Gross total is from 4.35")
    assert "tax" not in with_tax("VAT", taxes, tax="-", tax_rate="0.19").contract["columns"]


def test_taxes_at_two_rates_are_added() -> None:
    rows = [
        f"{1.2 * amount:.2f},{0.2 * amount:.2f},0.00" if number % 2 else f"{1.05 * amount:.2f},0.00,{0.05 * amount:.2f}"
        for number, amount in enumerate(AMOUNTS)
    ]
    proposal = proposal_for("Total,VAT 20%,VAT 5%", rows)
    assert proposal.questions == ()
    assert proposal.contract["amounts"] == {"add": {"tax": ["VAT 5%"]}, "include": "tax"}
    assert (proposal.contract["columns"]["gross_amount"], proposal.contract["columns"]["tax"]) == ("Total", "VAT 20%")


@pytest.mark.parametrize("header", ["Total,VAT 1,VAT 2", "Total,Tax,VAT 5%"])
def test_taxes_whose_names_differ_by_more_than_a_rate_are_not_added(header: str) -> None:
    rows = [f"{amount:.2f},{0.2 * amount:.2f},{0.05 * amount:.2f}" for amount in AMOUNTS]
    assert "add" not in proposal_for(header, rows).contract.get("amounts", {})


def test_the_same_tax_for_each_unit_is_an_amount() -> None:
    rows = [f"{1 + number % 3},{amount:.2f},{5 * (1 + number % 3)}" for number, amount in enumerate(AMOUNTS)]
    assert tax_of(proposal_for("Qty,Gross total,Tax", rows)) == "amount"
