"""Amounts in cents are asked about: by the names of their columns, or whole amounts beside a currency."""

import io
from random import Random

import pytest
from proposals import ANSWERS, keys

from tillstream.detection import Proposal, propose
from tillstream.detection.words.headers import is_minor_header, match_header


def proposal_for(header: str, rows: list[str], **answers: str) -> Proposal:
    text = "\n".join([header, *rows, ""])
    return propose(io.BytesIO(text.encode()), name="shop", answers=ANSWERS | answers)


def rows(*currencies: str, low: int = 199, high: int = 9999, seed: int = 1) -> list[str]:
    draw = Random(seed)
    lines = [f"ch_{no},2026-03-{1 + no % 28:02},{draw.randint(low, high)}" for no in range(40)]
    return [f"{line},{draw.choice(currencies)}" for line in lines] if currencies else lines


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("amount_cents", "amount"),
        ("Betrag in Cent", "amount"),
        ("unitPriceCents", "unit_price"),
        ("price (pence)", "unit_price"),
        ("Price (p)", "unit_price"),
        ("Amount ¢", "amount"),
        ("total_minor", "amount"),
        ("Net Amount Minor Units", "net_amount"),
        ("montant en centimes", "amount"),
    ],
)
def test_a_name_with_a_minor_unit_means_the_same_column(name: str, role: str) -> None:
    assert is_minor_header(name)
    assert role in {match.role for match in match_header(name)}


@pytest.mark.parametrize(
    "name", ["Percent", "remise pour cent", "Discount per cent", "Center", "Amount", "Docente", "P Price"]
)
def test_other_names_have_no_minor_unit(name: str) -> None:
    assert not is_minor_header(name)


def test_a_column_named_in_cents_is_a_question_with_an_example() -> None:
    proposal = proposal_for("Order No,Date,amount_cents", rows())
    (question,) = proposal.questions
    assert (question.key, question.choices, question.lines) == ("minor_units", ("yes", "no"), (2,))
    cents = int(rows()[0].split(",")[2])
    assert question.evidence == (
        "all 40 amounts in amount_cents are whole numbers, and its name contains a minor unit; in minor units, "
        f"“{cents}” is {cents / 100:.2f} EUR"
    )


def test_whole_amounts_beside_a_currency_are_a_question() -> None:
    proposal = proposal_for("Order No,Date,Amount,Currency", rows("EUR", "USD"))
    assert keys(proposal) == ["minor_units"]
    assert "beside the currencies in Currency" in proposal.questions[0].evidence


def test_whole_amounts_in_a_currency_with_cents_are_a_question_that_shows_their_size() -> None:
    (question,) = proposal_for("Order No,Date,Amount", rows()).questions
    assert question.key == "minor_units"
    assert "all 40 amounts in Amount are whole numbers, and half of those in Amount are at least " in question.evidence


@pytest.mark.parametrize("currency", ["INR", "HUF", "JPY"])
def test_whole_amounts_are_no_question_in_a_currency_in_which_they_are_common(currency: str) -> None:
    assert keys(proposal_for("Order No,Date,Amount", rows(), currency=currency)) == []


@pytest.mark.parametrize(("answer", "setting"), [("yes", ["net_amount"]), ("no", None)])
def test_the_answer_is_part_of_the_contract(answer: str, setting: list[str] | None) -> None:
    proposal = proposal_for("Order No,Date,Amount,Currency", rows("EUR", "USD"), minor_units=answer)
    assert (keys(proposal), proposal.contract.get("amounts", {}).get("minor_units")) == ([], setting)


@pytest.mark.parametrize(
    ("header", "lines"),
    [
        ("Order No,Date,Amount,Currency", rows("JPY")),
        ("Order No,Date,Amount,Currency", rows("EUR", low=1, high=50)),
        ("Order No,Date,Amount,Currency", [f"{no},2026-03-01,{no}.50,EUR" for no in range(100, 140)]),
        ("Order No,Date,amount_cents", [f"{no},2026-03-01,{no}.50" for no in range(100, 140)]),
        ("Order No,Date,Amount", rows(low=99)[:7]),
        ("Order No,Date,Amount", [f"{no},2026-03-01,{no}00" for no in range(100, 140)]),
        ("Order No,Date,Amount", [*rows(), "ch_99,2026-03-01,55"]),
    ],
    ids=[
        "yen",
        "small amounts",
        "decimals",
        "decimals in a column named so",
        "few amounts",
        "hundreds",
        "some below one",
    ],
)
def test_amounts_that_are_in_the_main_unit_are_no_question(header: str, lines: list[str]) -> None:
    assert keys(proposal_for(header, lines)) == []
