"""Which column is the status, which columns mark cancelled or returned rows, and that every column is accounted for."""

import io

import pytest
from proposals import ANSWERS, keys

from tillstream.detection import Proposal, drift, propose
from tillstream.detection.words.status_words import flag_meaning, flagged_status
from tillstream.model.batch import UnknownWord
from tillstream.model.contract import parse_contract


def proposal_for(columns: dict[str, list[str]], **answers: str) -> Proposal:
    """A proposal for a file of orders with these columns beside number, day and total."""
    rows = max(map(len, columns.values()))
    lines = [",".join(("Order No", "Date", "Total", *columns))]
    for number in range(rows):
        more = (words[number % len(words)] for words in columns.values())
        lines.append(",".join((str(number + 1), f"2026-03-{number % 28 + 1:02}", "10.50", *more)))
    return propose(io.BytesIO("\n".join(lines).encode()), name="shop", answers=ANSWERS | answers)


def status_of(proposal: Proposal) -> str:
    return str(proposal.contract["columns"].get("status", ""))


@pytest.mark.parametrize("header", ["Status", "Financial Status", "order_status", "Statut", "Fulfillment Status"])
def test_a_column_named_status_is_never_dropped_because_its_words_are_not_known(header: str) -> None:
    proposal = proposal_for({header: ["Aktiv", "Weg", "Bezahlt"] * 4})
    assert keys(proposal) == ["status"]
    assert {use.word: use.meaning for use in proposal.questions[0].table} == {
        "Aktiv": "",
        "Weg": "",
        "Bezahlt": "completed",
    }
    answers = {"status.Aktiv": "completed", "status.Weg": "ignore"}
    answered = proposal_for({header: ["Aktiv", "Weg", "Bezahlt"] * 4}, **answers)
    assert (keys(answered), status_of(answered)) == ([], header)
    assert answered.contract["status"]["words"] == {"Aktiv": "completed", "Weg": "ignore", "Bezahlt": "completed"}
    assert parse_contract(answered.contract).status.words["Weg"] == "ignore"


@pytest.mark.parametrize("words", [["SP", "RJ", "MG"], [f"word {number}" for number in range(40)]])
def test_a_doubtful_status_is_a_question_before_its_words(words: list[str]) -> None:
    assert keys(proposal_for({"Estado": words})) == ["column.status"]
    none = proposal_for({"Estado": words}, **{"column.status": "-"})
    assert (keys(none), status_of(none)) == ([], "")
    taken = proposal_for({"Estado": words}, **{"column.status": "Estado"})
    assert (keys(taken), len(taken.questions[0].table)) == (["status"], len(words))


def test_more_than_thirty_words_are_a_question_even_if_the_column_is_named_status() -> None:
    proposal = proposal_for({"Status": [f"Shipped {number}" for number in range(31)]})
    assert keys(proposal) == ["column.status"]
    assert "31 different words" in proposal.questions[0].evidence


def test_a_column_of_any_name_is_the_status_if_its_words_cancel_or_return() -> None:
    proposal = proposal_for({"Vorgang": ["Verkauft", "Storniert", "Verkauft"]})
    assert (keys(proposal), status_of(proposal)) == ([], "Vorgang")
    assert proposal.contract["status"]["words"]["Storniert"] == "cancelled"


def test_a_column_with_a_few_status_words_among_others_is_a_question() -> None:
    proposal = proposal_for({"Vorgang": ["A", "B", "C", "Storno"]})
    assert keys(proposal) == ["column.status"]
    assert "“Storno”" in proposal.questions[0].evidence


@pytest.mark.parametrize("header", ["State", "Order State", "Condition", "Customer Type"])
def test_a_column_of_other_words_stays_an_extra_column(header: str) -> None:
    proposal = proposal_for({header: ["New", "Ohio", "Texas"]})
    assert (keys(proposal), status_of(proposal)) == ([], "")


def test_of_several_columns_the_one_that_cancels_is_the_status_and_the_other_is_kept() -> None:
    columns = {"Fulfillment Status": ["fulfilled", "unfulfilled"], "Financial Status": ["paid", "voided"]}
    proposal = proposal_for(columns)
    assert (keys(proposal), status_of(proposal)) == ([], "Financial Status")
    finding = next(one for one in proposal.findings if one.about == "column.status")
    assert "Fulfillment Status is kept as extra" in finding.evidence


def test_two_columns_that_cancel_decide_together() -> None:
    columns = {
        "Status of payment": ["paid", "voided"],
        "Delivery status": ["delivered", "delivered"],
        "Void": ["N", "N"],
    }
    assert status_of(proposal_for(columns)) == "Status of payment / Void"
    columns = {"Status of payment": ["paid", "voided"], "Delivery status": ["delivered", "cancelled"]}
    proposal = proposal_for(columns)
    both = "Status of payment / Delivery status"
    assert (keys(proposal), status_of(proposal)) == ([], both)
    assert proposal.contract["made"] == {both: {"join": both.split(" / "), "between": " / "}}
    words = proposal.contract["status"]["words"]
    assert (words["paid / delivered"], words["paid / cancelled"]) == ("completed", "cancelled")
    assert {use.name: use.use for use in proposal.columns}["Delivery status"] == "mapped"


def test_an_unknown_word_of_a_second_column_is_a_question_with_the_status() -> None:
    proposal = proposal_for({"Status": ["paid", "voided"], "Type": ["Swap", "Return"]})
    (question,) = proposal.questions
    assert {use.word: use.meaning for use in question.table} == {"paid / Swap": "", "voided / Return": "cancelled"}


def test_a_filled_date_of_cancellation_cancels_whatever_the_status_is() -> None:
    proposal = proposal_for({"Status": ["paid", "paid"], "Cancelled at": ["", "2026-03-04"]})
    assert proposal.contract["made"]["Cancelled at?"] == {"filled": "Cancelled at", "word": "Cancelled at"}
    words = proposal.contract["status"]["words"]
    assert (words["paid"], words["paid / Cancelled at"]) == ("completed", "cancelled")


def test_rows_without_a_word_are_part_of_the_same_question() -> None:
    proposal = proposal_for({"Status": ["paid", ""]})
    assert (keys(proposal), proposal.questions[0].keys) == (["status"], ("status.paid", "status.default"))
    answered = proposal_for({"Status": ["paid", ""]}, **{"status.default": "pending"})
    assert (keys(answered), answered.contract["status"]["default"]) == ([], "pending")


def test_returned_rows_without_a_minus_sign_are_a_question() -> None:
    columns = {"Status": ["paid", "refunded"]}
    proposal = proposal_for(columns)
    assert keys(proposal) == ["returns"]
    assert "Total has no minus sign" in proposal.questions[0].evidence
    assert proposal_for(columns, returns="cancel").contract["status"]["words"]["refunded"] == "cancelled"
    assert proposal_for(columns, returns="subtract").contract["status"]["unsigned_returns"] is True


def test_every_column_is_listed_with_its_use_its_samples_and_its_sum() -> None:
    proposal = proposal_for({"Status": ["paid", "void"], "Note": ["x"], "Points": ["3", "4"], "Empty": [""]})
    listed = {one.name: (one.use, one.roles, one.samples, one.filled, one.sum) for one in proposal.columns}
    assert list(listed) == ["Order No", "Date", "Total", "Status", "Note", "Points", "Empty"]
    assert listed["Total"] == ("mapped", ("net_amount",), ("10.50",), 2, "21")
    assert listed["Points"] == ("extra", (), ("3", "4"), 2, "7")
    assert listed["Note"] == ("extra", (), ("x",), 2, "")
    assert listed["Empty"] == ("ignored", (), (), 0, "")
    assert listed["Date"][4] == ""
    status = next(one.to_dict() for one in proposal.columns if one.name == "Status")
    assert [(use["word"], use["rows"], use["amount"], use["meaning"]) for use in status["words"]] == [
        ("paid", 1, "10.5", "completed"),
        ("void", 1, "10.5", "cancelled"),
    ]


def test_unknown_words_of_the_whole_file_are_in_the_question_even_if_the_sample_lacks_them() -> None:
    columns = {"sale_id": "No", "date": "Date", "net_amount": "Total", "status": "State"}
    contract = parse_contract(
        {
            "name": "shop",
            "region": "R",
            "currency": "EUR",
            "columns": columns,
            "identity": {"ids": "region-wide"},
            "status": {"words": {"paid": "completed"}},
        }
    )
    file = io.BytesIO(b"No,Date,Total,State\n1,2026-03-01,10.00,paid\n2,2026-03-01,7.00,gone\n")
    unknown = (UnknownWord("gone", "EUR", 1, "7"), UnknownWord("lost", "EUR", 40, "99.5"))
    (question,) = drift(file, contract, unknown_words=unknown).questions
    assert [(use.word, use.rows, use.amount) for use in question.table] == [("gone", 1, "7"), ("lost", 40, "99.5")]
    file.seek(0)
    answers = {"status.gone": "cancelled", "status.lost": "ignore"}
    proposed = drift(file, contract, answers=answers, unknown_words=unknown).proposed
    assert proposed is not None
    assert proposed.status.words == {"paid": "completed", "gone": "cancelled", "lost": "ignore"}


def test_a_new_word_of_a_joined_status_is_a_question_in_the_next_file() -> None:
    first = proposal_for({"Type": ["Sale", "Refund"], "Status": ["paid", "voided"]}, returns="cancel")
    own = parse_contract(first.contract)
    text = "Order No,Date,Total,Type,Status\n1,2026-03-01,10.50,Swap,paid\n2,2026-03-02,10.50,Sale,paid\n"
    (question,) = drift(io.BytesIO(text.encode()), own).questions
    assert [use.word for use in question.table] == ["Swap / paid"]


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
