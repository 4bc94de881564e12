"""The currency is that of each row where a column or the signs of the amounts show it, otherwise that of the file."""

import io
from collections.abc import Callable

import pytest
from proposals import keys

from tillstream.detection import Proposal, propose
from tillstream.model.money import currencies_of_sign, is_sign_of_other_currency

ANSWERS = {"region": "North", "country": "-", "time_zone": "UTC"}


def proposal_for(cell: Callable[[int], str], header: str = "Note", amount: str = "{}.50", **answers: str) -> Proposal:
    """cell: of the last column by row, or the sign that amounts contain as {cell}."""
    last = "-" if "{cell}" in amount else "{cell}"
    cells = [f"{amount},{last}".format(10 + n, cell=cell(n)) for n in range(20)]
    rows = [f"{1000 + n},2026-03-{1 + n:02},Item,{1 + n % 4},{cells[n]}" for n in range(20)]
    data = "\n".join([f"Receipt,Date,Product,Quantity,Net amount,{header}", *rows, ""]).encode()
    return propose(io.BytesIO(data), name="shop", answers=ANSWERS | answers)


@pytest.mark.parametrize("header", ["Order Currency", "Curr.", "Document Currency", "W", "presentment"])
def test_a_column_of_codes_is_the_currency_whatever_its_name(header: str) -> None:
    proposal = proposal_for(lambda n: "CHF" if n % 3 else "EUR", header)
    assert keys(proposal) == []
    assert proposal.contract["columns"]["currency"] == header
    assert "currency" not in proposal.contract


def test_rows_without_a_currency_are_a_question() -> None:
    def cell(n: int) -> str:
        return "" if n % 3 else "USD"

    assert keys(proposal_for(cell, "Currency")) == ["currency"]
    proposal = proposal_for(cell, "Currency", currency="EUR")
    assert keys(proposal) == []
    assert proposal.contract["where_missing"]["currency"] == {"do": "default", "value": "EUR"}


def test_names_and_signs_in_a_column_are_mapped_and_shared_ones_are_a_question() -> None:
    def cell(n: int) -> str:
        return ("Euro", "£", "Dollar")[n % 3]

    (question,) = proposal_for(cell, "Currency").questions
    assert (question.key, question.choices[:2]) == ("currency.Dollar", ("USD", "CAD"))
    proposal = proposal_for(cell, "Currency", **{"currency.Dollar": "CAD"})
    assert keys(proposal) == []
    assert proposal.contract["values"]["currency"] == {"Euro": "EUR", "£": "GBP", "Dollar": "CAD"}


def test_a_column_of_that_name_with_other_contents_is_no_currency() -> None:
    proposal = proposal_for(lambda n: f"x{n}", "Currency")
    assert keys(proposal) == ["currency"]
    assert "currency" not in proposal.contract["columns"]


def test_different_columns_of_codes_are_a_question() -> None:
    (question,) = proposal_for(lambda n: f"{'EUR' if n % 3 else 'CHF'},EUR", "A,B").questions
    assert (question.key, question.choices) == ("column.currency", ("A", "B", "-"))
    assert keys(proposal_for(lambda n: "EUR,EUR", "A,B")) == []


def test_different_signs_of_amounts_are_the_currency_of_their_rows() -> None:
    proposal = proposal_for(lambda n: "€" if n % 3 else "£", amount="{cell}{}.50")
    assert keys(proposal) == []
    (header,) = proposal.contract["made"]
    assert proposal.contract["columns"]["currency"] == header
    assert proposal.contract["made"][header] == {"sign_of": "Net amount"}
    assert proposal.contract["values"]["currency"] == {"€": "EUR", "£": "GBP"}


@pytest.mark.parametrize(("every", "open_questions"), [(1, []), (2, []), (10, ["currency"])])
def test_a_sign_of_few_amounts_does_not_prove_the_currency_of_the_others(every: int, open_questions: list[str]) -> None:
    proposal = proposal_for(lambda n: "" if n % every else "£", amount="{cell}{}.50", header="Sign")
    assert keys(proposal) == open_questions


def test_signs_of_another_currency_than_the_answered_one_are_not_accepted() -> None:
    proposal = proposal_for(lambda n: "" if n % 10 else "£", amount="{cell}{}.50", header="Sign", currency="EUR")
    assert keys(proposal) == []
    assert "currency_signs" not in proposal.contract["numbers"]


@pytest.mark.parametrize(
    ("word", "currencies"),
    [("eur", ("EUR",)), ("€", ("EUR",)), ("Euro", ("EUR",)), ("¥", ("JPY", "CNY")), ("Krone", ("SEK", "NOK", "DKK")),
     ("lamp", ()), ("", ())],
)  # fmt: skip
def test_words_of_currencies(word: str, currencies: tuple[str, ...]) -> None:
    assert currencies_of_sign(word) == currencies


@pytest.mark.parametrize(
    ("sign", "currency", "other"),
    [("$", "USD", False), ("$", "NZD", False), ("$", "EUR", True), ("Rs.", "PKR", False), ("Rs.", "USD", True),
     ("€", "EUR", False), ("€", "", False), ("pcs", "EUR", False), ("usd", "USD", False)],
)  # fmt: skip
def test_signs_of_other_currencies(sign: str, currency: str, other: bool) -> None:
    assert is_sign_of_other_currency(sign, currency) is other


def converted(**answers: str) -> Proposal:
    """A proposal for totals whose name contains EUR, beside a column of currencies."""
    rows = [f"{1000 + n},2026-03-{1 + n:02},Item,1,{'EUR' if n % 2 else 'USD'},{10 + n}.50" for n in range(20)]
    data = "\n".join(["Receipt,Date,Product,Quantity,Currency,Total (EUR)", *rows, ""]).encode()
    return propose(io.BytesIO(data), name="shop", answers=ANSWERS | answers)


def test_a_total_in_a_currency_by_its_name_beside_other_currencies_is_a_question() -> None:
    (question,) = converted().questions
    assert (question.key, question.choices, question.none) == ("column.currency", ("Currency", "-"), "all are in EUR")
    assert question.evidence == "the name of Total (EUR) contains EUR, and Currency contains USD"
    assert converted(**{"column.currency": "-"}).contract["currency"] == "EUR"
    assert converted(**{"column.currency": "Currency"}).contract["columns"]["currency"] == "Currency"
