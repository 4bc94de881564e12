"""Columns that mark cancelled or returned rows."""

import io

import pytest

from tillstream.detection import Proposal, propose
from tillstream.detection.words.status_words import flag_meaning, flagged_status
from tillstream.model.contract import parse_contract


def detected(header: str, marks: list[str]) -> Proposal:
    rows = "".join(f"A{n},2026-02-{n:02},Mug,1,2.50,{mark}\n" for n, mark in enumerate(marks, 10))
    return propose(io.BytesIO(f"Order,Date,Product,Qty,Price,{header}\n{rows}".encode()), name="x")


@pytest.mark.parametrize(
    ("header", "marks", "words"),
    [
        ("Void?", ["true", "false", "false"], {"true": "cancelled", "false": "completed"}),
        ("Cancelled", ["0", "0", "1"], {"0": "completed", "1": "cancelled"}),
        ("Is returned", ["", "x", ""], {"x": "returned"}),
        ("Storniert", ["nein", "ja", "nein"], {"nein": "completed", "ja": "cancelled"}),
        ("Deleted", ["0", "1", "0"], {"0": "completed", "1": "cancelled"}),
        ("Gültig", ["ja", "nein", "ja"], {"ja": "completed", "nein": "cancelled"}),
        ("İade", ["Hayır", "Evet", "Hayır"], {"Hayır": "completed", "Evet": "returned"}),
        ("Ακυρώθηκε", ["ΟΧΙ", "ΝΑΙ", "ΟΧΙ"], {"ΟΧΙ": "completed", "ΝΑΙ": "cancelled"}),
        ("Test order", ["false", "true", "false"], {"false": "completed", "true": "ignore"}),
    ],
)
def test_a_column_that_marks_reversed_rows_is_the_status(header: str, marks: list[str], words: dict[str, str]) -> None:
    proposal = detected(header, marks)
    assert proposal.contract["columns"]["status"] == header
    assert proposal.contract["status"]["words"] == words
    assert proposal.contract["status"].get("default", "completed") == ("completed" if "" in marks else None)


def test_a_date_marks_rows_whatever_day_it_is() -> None:
    contract = detected("Voided on", ["", "2026-02-12", ""]).contract
    assert contract["columns"]["status"] == "Voided on?"
    assert contract["made"]["Voided on?"] == {"filled": "Voided on", "word": "Voided on"}
    assert contract["status"] == {"words": {"Voided on": "cancelled"}, "default": "completed"}


def test_the_evidence_names_the_marks() -> None:
    evidence = {finding.about: finding.evidence for finding in detected("Void?", ["true", "false"]).findings}
    assert evidence["column.status"] == "it marks the cancelled rows with “true” and “false”"


def test_an_amount_or_a_number_of_units_is_no_mark() -> None:
    assert "status" not in detected("Refunded", ["0.00", "2.50", "0.00"]).contract["columns"]
    assert flagged_status("Amount refunded") == ""
    assert flagged_status("Qty returned") == ""


def test_other_words_mean_nothing_under_a_mark() -> None:
    assert flag_meaning("Void?", "perhaps") == ""
    assert flag_meaning("Product", "yes") == ""


def test_a_negative_quantity_and_a_positive_total_are_a_question() -> None:
    text = "Order,Date,Product,Qty,Total\nA1,2026-02-10,Mug,-2,5.00\nA2,2026-02-11,Mug,1,2.50\n"
    (question,) = (one for one in propose(io.BytesIO(text.encode()), name="x").questions if one.key == "returns")
    assert "1 of 1 of these rows have a Total without a minus sign" in question.evidence
    status = propose(io.BytesIO(text.encode()), name="x", answers={"returns": "subtract"}).contract["status"]
    assert (status["negative_quantity"], status["unsigned_returns"]) == ("returned", True)


def test_a_negative_total_and_a_positive_quantity_are_a_question() -> None:
    text = "Order,Date,Product,Qty,Total\nA1,2026-02-10,Mug,2,-5.00\nA2,2026-02-11,Mug,1,2.50\n"
    (question,) = (one for one in propose(io.BytesIO(text.encode()), name="x").questions if one.key == "returns")
    assert question.evidence == "1 row has a Total with a minus sign and a Qty without one, which adds to the units"
    assert (question.choices, question.lines) == (("subtract", "keep"), (2,))
    answers = {"returns": "subtract", "region": "North", "currency": "EUR"}
    contract = propose(io.BytesIO(text.encode()), name="x", answers=answers).contract
    assert contract["status"] == {"negative_amount": "returned", "unsigned_returns": True}
    assert parse_contract(contract).status.unsigned_returns
    assert "status" not in propose(io.BytesIO(text.encode()), name="x", answers={"returns": "keep"}).contract


def test_units_of_a_refund_with_a_negative_total_are_subtracted_without_a_question() -> None:
    text = "Order,Date,Product,Qty,Total,State\nA1,2026-02-10,Mug,2,-5.00,Refund\nA2,2026-02-11,Mug,1,2.50,Sale\n"
    proposal = propose(io.BytesIO(text.encode()), name="x")
    assert "returns" not in {question.key for question in proposal.questions}
    assert proposal.contract["status"]["unsigned_returns"] is True


def test_a_no_under_paid_is_a_question() -> None:
    questions = {question.key: question for question in detected("Paid", ["yes", "no", "yes"]).questions}
    assert {use.word: use.meaning for use in questions["status"].table} == {"yes": "completed", "no": ""}


def test_kinds_of_documents_are_the_status_and_other_ones_a_question() -> None:
    proposal = detected("Type", ["Sale", "Paid out", "Sale"])
    assert proposal.contract["columns"]["status"] == "Type"
    assert "status" in {question.key for question in proposal.questions}
    assert "status" not in detected("Type", ["Dine in", "Take away", "Dine in"]).contract["columns"]
