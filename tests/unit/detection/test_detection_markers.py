"""A column of letters or remarks that may decide whether a sale counts is asked about, whatever its name."""

import io

import pytest
from proposals import ANSWERS, keys

from tillstream.detection import Proposal, propose
from tillstream.detection.words.status_words import suggests_status

LETTERS = ["V", "V", "V", "X", "V", "V", "O", "V"]
REMARKS = ["", "", "keyed in error", "", "", "awaiting transfer"]


def proposal_for(header: str, words: list[str], *, lines: int = 2, **answers: str) -> Proposal:
    """A proposal for a file of 72 rows; each sale has so many lines, and one of the words."""
    rows = [
        f"{1000 + number // lines},2026-03-{1 + number // lines % 28:02},P{number % 5},{10 + number}.50,"
        f"{words[number // 2 % len(words)]}"
        for number in range(72)
    ]
    text = "\n".join([f"Order No,Date,Product ID,Total,{header}", *rows, ""])
    return propose(io.BytesIO(text.encode()), name="shop", answers=ANSWERS | answers)


def test_letters_of_which_most_are_the_same_are_a_question_with_rows_and_amounts() -> None:
    (question,) = proposal_for("Kz", LETTERS).questions
    assert (question.key, question.choices) == ("column.status", ("Kz", "-"))
    assert question.words == "Does Kz decide whether a sale counts?"
    assert question.evidence.startswith("Kz has “V” in 54 rows, together 2")
    assert "; “X” in 10 rows, together " in question.evidence


def test_the_letters_are_the_status_if_the_answer_is_their_column() -> None:
    answered = proposal_for("Kz", LETTERS, **{"column.status": "Kz"})
    assert keys(answered) == ["status"]
    assert {use.word: use.meaning for use in answered.questions[0].table} == {"V": "", "X": "", "O": ""}
    assert keys(proposal_for("Kz", LETTERS, **{"column.status": "-"})) == []


def test_remarks_about_errors_and_waiting_are_a_question_although_remarks_are_no_status() -> None:
    (question,) = proposal_for("Remark", REMARKS).questions
    assert question.key == "column.status"
    assert "“keyed in error” in 12 rows" in question.evidence
    assert "nothing in 48 rows" in question.evidence


@pytest.mark.parametrize(("header", "words"), [("Flag 7", ["N", "N", "N", "Y"]), ("Sign", ["+", "+", "-"])])
def test_a_yes_or_a_minus_under_a_name_without_a_meaning_is_a_question(header: str, words: list[str]) -> None:
    (question,) = proposal_for(header, words, lines=1).questions
    assert question.words == f"Does {header} decide whether a sale counts?"


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("Kz", ["V", "X"]),
        ("Gift wrap", ["no", "no", "yes"]),
        ("Member", ["N", "N", "N", "Y"]),
        ("Payment method", ["C", "C", "C", "V"]),
        ("Shift", ["F", "S", "N"]),
        ("Remark", ["", "gift", "", "call first"]),
        ("Remark", [f"error {number}" for number in range(20)]),
        ("Kz", ["V"]),
    ],
    ids=[
        "none is usual",
        "harmless",
        "yes and no",
        "known name",
        "evenly",
        "other remarks",
        "remarks of one sale",
        "one letter",
    ],
)
def test_columns_of_other_values_are_no_question(header: str, words: list[str]) -> None:
    assert keys(proposal_for(header, words)) == []


def test_letters_that_differ_on_the_lines_of_a_sale_are_no_question() -> None:
    assert keys(proposal_for("Kz", LETTERS, lines=8)) == []


def test_letters_that_another_column_explains_are_no_question() -> None:
    rows = [f"{number},2026-03-{1 + number % 28:02},P{number % 5},9.50,{'AAAAB'[number % 5]}" for number in range(60)]
    text = "\n".join(["Order No,Date,Product ID,Total,Kz", *rows, ""])
    assert keys(propose(io.BytesIO(text.encode()), name="shop", answers=ANSWERS)) == []


@pytest.mark.parametrize("remark", ["falsch gebucht", "Erreur de caisse", "błąd kasy", "入力誤り", "waiting: Unpaid"])
def test_remarks_of_many_languages_suggest_a_status(remark: str) -> None:
    assert suggests_status(remark)


@pytest.mark.parametrize("remark", ["gift", "bitte klingeln", "livraison rapide", "ギフト"])
def test_other_remarks_do_not(remark: str) -> None:
    assert not suggests_status(remark)


@pytest.mark.parametrize(
    ("header", "words", "is_question"),
    [
        ("Debit/Credit", ["Credit", "Credit", "Debit"], True),
        ("Kz", ["Haben", "Haben", "Soll"], True),
        ("借貸", ["貸", "貸", "借"], True),
        ("Tender", ["Credit", "Credit", "Debit"], False),
        ("Kz", ["RE", "RE", "GS"], True),
        ("Tp", ["FAC", "FAC", "AVO"], True),
        ("Unit", ["PC", "PC", "KG"], False),
        ("Kz", ["GS", "GS", "RE"], False),
    ],
)
def test_words_of_debit_and_credit_and_codes_of_documents_are_a_question(
    header: str, words: list[str], *, is_question: bool
) -> None:
    assert keys(proposal_for(header, words)) == (["column.status"] if is_question else [])


@pytest.mark.parametrize(("header", "words"), [("+/-", ["+", "+", "+", "-"]), ("Type", ["1", "1", "1", "2"])])
def test_signs_and_numbers_of_kinds_are_a_question_although_there_are_few_sales(header: str, words: list[str]) -> None:
    rows = [f"{1000 + n},2026-03-{1 + n:02},P{n % 5},1,{10 + n}.50,{words[n % len(words)]}" for n in range(24)]
    text = "\n".join([f"Order No,Date,Product ID,Qty,Total,{header}", *rows, ""])
    (question,) = propose(io.BytesIO(text.encode()), name="shop", answers=ANSWERS).questions
    assert question.words == f"Does {header} decide whether a sale counts?"


def test_numbers_under_a_name_of_no_kind_are_no_question() -> None:
    assert "column.status" not in keys(proposal_for("Till", ["1", "1", "1", "2"]))


def test_numbers_of_states_are_a_question() -> None:
    assert "column.status" in keys(proposal_for("current_state", ["5", "5", "5", "6"]))
