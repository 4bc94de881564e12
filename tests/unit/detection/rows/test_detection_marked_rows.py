"""Rows that a number, a product or a reference marks are asked about if their amounts have no minus sign."""

import io

import pytest
from proposals import keys

from tillstream.detection import Proposal, drift, propose
from tillstream.model.contract import parse_contract
from tillstream.pipeline.matching.readability import can_parse_cells

ANSWERS = {"region": "North", "country": "-", "currency": "EUR"}


def proposal_for(
    rows: list[tuple[object, ...]], header: str = "Order No,Date,Product,Total", **answers: str
) -> Proposal:
    lines = [",".join(map(str, row)) for row in rows]
    return propose(io.BytesIO("\n".join([header, *lines, ""]).encode()), name="x", answers=ANSWERS | answers)


def numbered(*letters: str, product: str = "Mug", rows: int = 24, amount: str = "4.50") -> list[tuple[object, ...]]:
    """Rows whose number has each of the letters in turn."""
    return [(f"{letters[n % len(letters)]}{100 + n}", f"2026-03-{1 + n:02}", product, amount) for n in range(rows)]


def test_letters_of_a_credit_note_are_a_question_with_rows_and_amount() -> None:
    (question,) = proposal_for(numbered("INV-", "INV-", "CN-")).questions
    assert (question.key, question.choices) == ("rows.CN", ("subtract", "ignore", "keep"))
    assert question.words.startswith("Do the rows with “CN” in Order No take back sales")
    assert question.evidence == "8 rows, together 36 without a minus sign"
    assert question.lines == (4,)


def test_the_answer_becomes_a_derived_status_and_later_letters_are_rejected() -> None:
    contract = proposal_for(numbered("INV-", "INV-", "CN-"), **{"rows.CN": "subtract"}).contract
    assert contract["columns"]["status"] == "Letters of Order No"
    assert contract["made"] == {"Letters of Order No": {"word_of": "Order No", "words": ["INV", "CN"]}}
    status = {"words": {"INV": "completed", "CN": "returned"}, "unsigned_returns": True, "default": None}
    assert contract["status"] == status


def test_a_later_file_of_the_contract_has_no_new_words() -> None:
    rows = numbered("", "", "", product="Mug") + numbered("9", product="STORNO Mug", rows=6)
    contract = proposal_for(rows, **{"rows.STORNO": "subtract"}).contract
    text = "\n".join(["Order No,Date,Product,Total", *(",".join(map(str, row)) for row in rows), ""])
    result = drift(io.BytesIO(text.encode()), parse_contract(contract), reader=can_parse_cells)
    assert not [one for one in result.differences if one.kind == "new-word"]


def test_rows_that_are_kept_need_no_status() -> None:
    proposal = proposal_for(numbered("INV-", "INV-", "CN-"), **{"rows.CN": "keep"})
    assert keys(proposal) == []
    assert "status" not in proposal.contract["columns"]


@pytest.mark.parametrize(
    ("letters", "question_keys"),
    [
        (("", "", "R"), ["rows.R"]),
        (("FA/", "FA/", "AV/", "DEV/"), ["rows.AV", "rows.DEV"]),
        (("A-", "A-", "R-"), []),  # tills
        (("NYC-", "NYC-", "LON-"), []),
        (("CN-",), []),
        (("I-", "I-", "Q-"), ["rows.Q"]),
        (("F", "F", "F", "D"), ["rows.D"]),
        (("A-", "A-", "B-"), []),
        (("Q-", "Q-", "Q-", "I-"), []),
        (("Rechnung ", "Rechnung ", "Storno "), ["rows.Storno"]),
    ],
)
def test_only_letters_of_other_documents_are_a_question(letters: tuple[str, ...], question_keys: list[str]) -> None:
    proposal = proposal_for(numbered(*letters))
    assert keys(proposal) == question_keys
    assert "status" not in proposal.contract["columns"]


def test_letters_of_a_store_or_rows_with_a_minus_sign_are_no_question() -> None:
    rows = numbered("INV-", "INV-", "CN-")
    stores = [(*row, "South" if str(row[0]).startswith("CN") else "North") for row in rows]
    assert keys(proposal_for(stores, "Order No,Date,Product,Total,Store")) == []
    signed = [(*row[:3], f"-{row[3]}" if str(row[0]).startswith("CN") else row[3]) for row in rows]
    assert keys(proposal_for(signed)) == []


def test_a_status_that_shows_what_the_rows_are_answers_it() -> None:
    rows = numbered("INV-", "INV-", "CN-")
    shown = [(*row, "Credited" if str(row[0]).startswith("CN") else "Paid") for row in rows]
    header = "Order No,Date,Product,Total,Status"
    assert keys(proposal_for(shown, header)) == ["returns"]
    paid = [(*row, "Open" if number % 5 == 0 else "Paid") for number, row in enumerate(rows)]
    assert keys(proposal_for(paid, header)) == ["rows.CN"]
    contract = proposal_for(paid, header, **{"rows.CN": "ignore"}).contract
    assert contract["columns"]["status"] == "Status / Letters of Order No"
    assert contract["status"]["words"]["Paid / INV"] == "completed"
    assert contract["status"]["words"]["Open / CN"] == "ignore"


@pytest.mark.parametrize(
    ("product", "key"),
    [
        ("STORNO Mug", "rows.STORNO"),
        ("Mug (void)", "rows.void"),
        ("Refund", "rows.Refund"),
        ("返品Mug", "rows.返品"),
        ("RET-Mug", "rows.RET"),
        ("Cash drop", "rows.Cash drop"),
        ("Wechselgeld", "rows.Wechselgeld"),
        ("Test article", "rows.Test article"),
        ("Pro Mug", ""),
        ("Return ticket", ""),
        ("Voided warranty", ""),
        ("Big Mug", ""),
    ],
)
def test_a_word_of_a_cancellation_beside_another_product_is_a_question(product: str, key: str) -> None:
    rows = [
        *numbered("", product="Mug"),
        *(("9" + str(row[0]), *row[1:]) for row in numbered("", product=product, rows=6)),
    ]
    proposal = proposal_for(rows)
    assert keys(proposal) == ([key] if key else [])
    if key:
        contract = proposal_for(rows, **{key: "subtract"}).contract
        assert contract["status"]["words"] == {key.removeprefix("rows."): "returned"}
        assert contract["status"]["default"] == "completed"


@pytest.mark.parametrize(
    ("header", "cell", "other", "key"),
    [
        ("Category", "Refunds", "Drinks", "rows.Refunds"),
        ("Customer", "TEST", "Ada Byron", "rows.TEST"),
        ("Customer", "Storno", "Ada Byron", "rows.Storno"),
        ("Category", "Test", "Drinks", ""),
        ("Customer", "Ada Return", "Ada Byron", ""),
    ],
)
def test_a_category_or_a_customer_that_is_such_a_word_is_a_question(
    header: str, cell: str, other: str, key: str
) -> None:
    rows = [(*row, other if number % 4 else cell) for number, row in enumerate(numbered(""))]
    assert keys(proposal_for(rows, f"Order No,Date,Product,Total,{header}")) == ([key] if key else [])


def test_rows_that_equal_others_but_for_a_word_are_a_question() -> None:
    rows = [(*row, "Original") for row in numbered("")]
    header = "Order No,Date,Product,Total,Print"
    copied = [*rows, *((*row[:-1], "Copy") for row in rows[:4])]
    assert keys(proposal_for(copied, header)) == ["rows.Copy"]
    contract = proposal_for(copied, header, **{"rows.Copy": "ignore"}).contract
    assert contract["status"] == {"words": {"Copy": "ignore"}, "default": "completed"}
    changed = [*rows, *((*row[:-2], "1.00", "Copy") for row in rows[:4])]
    assert keys(proposal_for(changed, header)) == []


def test_two_marks_are_joined() -> None:
    rows = [(*row, "101" if number in {5, 7} else "") for number, row in enumerate(numbered("INV-", "INV-", "CN-"))]
    proposal = proposal_for(rows, "Order No,Date,Product,Total,Storno zu", **{"rows.CN": "subtract"})
    assert keys(proposal) == ["rows.Storno zu"]


@pytest.mark.parametrize(
    ("cells", "is_question"),
    [
        ({20: "101", 21: "104", 22: "107"}, True),
        ({20: "101", 21: "904", 22: "907"}, False),  # no sales of the file
        ({20: "120", 21: "121"}, False),  # the rows themselves
        (dict.fromkeys(range(20), "101"), False),
    ],
)
def test_numbers_of_other_sales_are_a_question(cells: dict[int, str], *, is_question: bool) -> None:
    rows = [(*row, cells.get(number, "")) for number, row in enumerate(numbered(""))]
    header = "Order No,Date,Product,Total,Link"
    assert keys(proposal_for(rows, header)) == (["rows.Link"] if is_question else [])
    if is_question:
        contract = proposal_for(rows, header, **{"rows.Link": "subtract"}).contract
        assert contract["made"] == {"Link?": {"filled": "Link", "word": "Link"}}
        assert contract["status"] == {"words": {"Link": "returned"}, "unsigned_returns": True, "default": "completed"}


@pytest.mark.parametrize(
    ("header", "cells", "is_question"),
    [
        ("Refund reason", ["Damaged", "", ""], True),
        ("Cancelled by", ["Ann", "", ""], True),
        ("Credit note no", ["CN{row}", "", ""], True),
        ("Refund amount", ["2.50", "", ""], False),
        ("Return policy", ["30 days", "30 days", ""], False),  # most rows have one
    ],
)
def test_a_value_under_a_name_of_a_cancellation_is_a_question(
    header: str, cells: list[str], *, is_question: bool
) -> None:
    rows = [(*row, cells[number % 3].format(row=number)) for number, row in enumerate(numbered(""))]
    names = f"Order No,Date,Product,Total,{header}"
    assert (f"rows.{header}" in keys(proposal_for(rows, names))) == is_question
    if is_question:
        contract = proposal_for(rows, names, **{f"rows.{header}": "ignore"}).contract
        assert contract["status"] == {"words": {header: "cancelled"}, "default": "completed"}
