"""Refused rows are repaired in the portal: what is typed is kept, tried, seen by others, and given back."""

from io import BytesIO
from typing import Any

import pytest
from correction_steps import AMOUNT, CHANNEL, DATE, QTY, Fixer
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.model.batch import BatchKind
from tillstream.model.permissions import Role
from tillstream.receipts import receipt as receipts
from tillstream.records import batch_records
from tillstream.review import correction_draft

GOOD = [indian_sale(str(number)) for number in range(1, 21)]
BAD = [indian_sale("21", "ten"), indian_sale("22", "ten"), indian_sale("23", "x"), indian_sale("24", date="2026/06/31")]


SHARED = True
SELLER = Role.CLERK


def sell(clerk: Visitor, work: Work) -> None:
    clerk.upload(indian_file(*GOOD, *BAD))
    work()


@pytest.fixture
def fixer(sold: Visitor) -> Fixer:
    (batch,) = batch_records.find_batches(sold.app.ports)
    return Fixer(sold, batch.batch_id)


def test_rows_are_shown_as_their_source_wrote_them_with_the_problem_in_its_cell(fixer: Fixer) -> None:
    rows = fixer.rows()
    assert list(rows) == [21, 22, 23, 24]
    assert (rows[21]["line"], rows[21]["cells"][AMOUNT], rows[21]["state"]) == (22, "ten", "waits")
    (problem, *_) = rows[21]["problems"]
    assert problem["columns"]
    assert "“ten”, which cannot be read as a number" in problem["message"]
    assert problem["remedy"] == "Correct the cell and submit the row, or discard it with a reason."


@pytest.mark.own_home
def test_edits_are_validated_and_kept_until_they_are_submitted(fixer: Fixer, work: Work, app: App) -> None:
    response = fixer.step("set", cells=[[21, 13, "10.00"], [21, AMOUNT, "10.00"]])
    assert response["rows"][0]["state"] == "ready"
    assert response["counts"] == {"waiting": 4, "touched": 1, "accepted": 1, "discarded": 0, "still": 0}
    response = fixer.step("set", cells=[[22, AMOUNT, "12..1"]])
    assert response["rows"][1]["state"] == "still"
    fixer.step("discard", rows=[23], text="a test sale")
    preview = fixer.get("preview")
    assert preview["counts"] == {"waiting": 4, "touched": 3, "accepted": 1, "discarded": 1, "still": 1}
    assert preview["after"]["quarantined"] == 2
    assert fixer.post("send")["status"] == 201
    assert list(fixer.rows()) == [22, 24]
    work()
    rows = receipts.batch_receipt(app.ports, fixer.batch)["rows"]
    assert (rows["read"], rows["new"], rows["quarantined"], rows["ignored"]) == (24, 21, 2, 1)
    assert preview["after"] == rows
    assert fixer.rows()[22]["cells"][AMOUNT] == "12..1"
    (correction,) = batch_records.child_batches(app.ports, fixer.batch, BatchKind.CORRECTION)
    assert correction.received_by == "clerk-in"


def test_a_step_for_all_alike_finds_them_beyond_the_page(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    refused = [indian_sale(str(number), "ten") for number in range(100, 220)]
    batch = clerk.upload(indian_file(*(indian_sale(str(number)) for number in range(1, 500 + 1)), *refused))
    work()
    fixer = Fixer(clerk, batch)
    assert len(fixer.rows()) == 50
    first = min(fixer.rows())
    (like, *_) = fixer.get("cell", row=first, column=AMOUNT)["alike"]
    assert (like["same"], like["every"], like["value"]) == (120, 120, "ten")
    step = {"do": "put", "code": like["code"], "column": AMOUNT, "value": "ten", "text": "10.00"}
    assert fixer.post("count", step=step)["count"] == 120
    response = fixer.step(**step)
    assert response["counts"]["touched"] == 120
    response = fixer.step("replace", value="ten", text="10.00")
    assert response["counts"]["accepted"] == 120
    assert len(correction_draft.get_draft(clerk.app.ports, batch).steps) == 2
    assert fixer.post("undo")["counts"]["accepted"] == 0
    assert fixer.post("redo")["counts"]["accepted"] == 120


@pytest.mark.own_home
def test_suggestions_are_only_what_would_be_taken(fixer: Fixer) -> None:
    fixer.step("set", cells=[[23, CHANNEL, "stroe"]])
    suggestions = fixer.get("cell", row=23, column=CHANNEL)["suggestions"]
    assert suggestions[0]["text"] == "store"
    suggestions = fixer.get("cell", row=21, column=13)["suggestions"]
    assert [(one["text"], one["how"], one["every"]) for one in suggestions] == [("10", "number-word", 2)]
    fixer.step("set", cells=[[24, DATE, "2026/06/03 10:15"]])
    suggestions = fixer.get("cell", row=24, column=DATE)["suggestions"]
    assert suggestions[0]["text"] == "2026-06-03 10:15"
    assert suggestions[0]["label"].startswith("3 June 2026, 10:15")


@pytest.mark.own_home
def test_a_reading_is_taken_for_every_cell_that_can_be_read_so(fixer: Fixer) -> None:
    (like, *_) = fixer.get("cell", row=21, column=AMOUNT)["alike"]
    assert (like["same"], like["every"]) == (2, 3)
    response = fixer.step("read", code="not-a-number", column=AMOUNT, how="number-word")
    assert [row["cells"][AMOUNT] for row in response["rows"]] == ["10", "10", "x", "100.00"]


def test_rows_rejected_only_by_a_rule_can_be_accepted_unchanged(person: People, work: Work, app: App) -> None:
    clerk = person(Role.CLERK, "IN")
    many = [indian_sale(str(number)).replace("Completed,1,", f"Completed,{number}0,") for number in (500, 501)]
    batch = clerk.upload(indian_file(*GOOD, *many))
    work()
    fixer = Fixer(clerk, batch)
    rows = fixer.rows()
    assert all(row["acceptable"] for row in rows.values())
    response = fixer.step("accept", code="out-of-range", column=QTY)
    assert response["counts"]["accepted"] == 2
    fixer.step("accept", rows=[21], off=True)
    assert fixer.rows()[21]["state"] == "waits"
    fixer.step("accept", rows=[21])
    assert fixer.post("send")["status"] == 201
    work()
    assert receipts.batch_receipt(app.ports, batch)["rows"]["new"] == 22
    assert "No row of june.csv is left to fix" in clerk.get(f"/uploads/{batch}/fix").text


@pytest.mark.own_home
def test_the_page_opens_with_its_columns_and_the_way_by_a_spreadsheet(fixer: Fixer) -> None:
    assert "Fix them here" in fixer.who.get(f"/uploads/{fixer.batch}").text
    page = fixer.who.get(f"/uploads/{fixer.batch}/fix").text
    assert 'aria-label="Rows to fix in june.csv"' in page
    assert "Taxable Value" in page
    assert "refused.csv" in page
    fixer.step("set", cells=[[21, AMOUNT, "10.00"]])
    assert "Continue fixing" in fixer.who.get(f"/uploads/{fixer.batch}").text


@pytest.mark.own_home
def test_a_step_sent_again_because_its_answer_was_lost_is_taken_once(fixer: Fixer) -> None:
    step = {"value": "en", "text": "enen", "key": "k1"}
    assert fixer.step("replace", **step)["rows"][0]["cells"][AMOUNT] == "tenen"
    assert fixer.step("replace", **step)["rows"][0]["cells"][AMOUNT] == "tenen"
    assert fixer.step("replace", **step | {"key": "k2"})["rows"][0]["cells"][AMOUNT] == "tenenenen"


def test_a_row_with_a_delimiter_too_many_is_taken_apart_as_it_would_be_accepted(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    whole = indian_sale("30").replace("Asha Rao", "Rao, Asha")
    lacking = indian_sale("31").replace(",Completed,1,", ",Completed,")
    batch = clerk.upload(indian_file(*GOOD, whole, lacking, "a,b"))
    work()
    fixer = Fixer(clerk, batch)
    rows = fixer.rows()
    assert [rows[number]["ragged"]["cells"] - len(rows[number]["cells"]) for number in (21, 22, 23)] == [1, -1, -17]
    assert rows[21]["ragged"]["beyond"] == [""]
    splits = fixer.get("cell", row=21, column=-1)["splits"]
    (way,) = [one for one in splits if one["label"] == "“Rao, Asha” is one cell, Customer Name"]
    response = fixer.post(
        "steps", step={"do": "set", "cells": [[21, n, t] for n, t in enumerate(way["cells"])]}, shown=[21]
    )
    assert (response["rows"][0]["state"], response["rows"][0]["ragged"]) == ("ready", None)
    assert fixer.get("cell", row=22, column=-1)["splits"][0]["label"] == "Qty is missing"
    assert fixer.get("cell", row=23, column=-1)["splits"] == []


@pytest.mark.own_home
def test_two_who_fix_at_once_see_each_other(fixer: Fixer, person: People) -> None:
    other = Fixer(person(Role.MANAGER, "IN", login="bo"), fixer.batch)
    fixer.step("set", cells=[[21, AMOUNT, "10.00"]])
    response = other.step("set", cells=[[21, AMOUNT, "11.00"]])
    assert response["status"] == 409
    assert response["others"][0]["who"] == "clerk-in"
    assert response["others"][0]["cells"] == [[21, AMOUNT, "10.00"]]
    assert other.step("set", cells=[[22, AMOUNT, "11.00"]])["status"] == 200
    rows = fixer.rows()
    assert (rows[21]["cells"][AMOUNT], rows[22]["cells"][AMOUNT]) == ("10.00", "11.00")
    assert rows[22]["by"] == "bo"
    assert fixer.post("send")["status"] == 409
    assert other.post("undo")["rows"] == []
    assert other.post("undo")["status"] == 422


@pytest.mark.own_home
def test_rows_that_a_corrected_file_settles_leave_the_draft(fixer: Fixer, work: Work) -> None:
    fixer.step("set", cells=[[21, AMOUNT, "10.00"], [23, AMOUNT, "30.00"]])
    text = fixer.who.get(f"/uploads/{fixer.batch}/refused.csv").text.splitlines(keepends=True)
    own = "".join([text[0], text[1].replace(",ten,", ",99.00,"), text[3].replace(",x,", ",y,")]).encode()
    fixer.who.post(f"/uploads/{fixer.batch}/fix", {"file": (BytesIO(own), "own.csv")})
    assert set(fixer.rows()) == {22, 24}
    work()
    rows = fixer.rows()
    assert set(rows) == {22, 23, 24}
    assert (rows[23]["cells"][AMOUNT], rows[23]["state"]) == ("y", "waits")


@pytest.mark.own_home
def test_rows_are_chosen_by_problem_by_column_by_text_and_by_what_is_left(fixer: Fixer) -> None:
    assert set(fixer.rows(problem="not-a-date")) == {24}
    assert set(fixer.rows(column=AMOUNT)) == {21, 22, 23}
    assert set(fixer.rows(q="TEN")) == {21, 22}
    assert set(fixer.rows(q="25")) == {24}
    fixer.step("discard", rows=[21], text="why not")
    assert set(fixer.rows(left=1)) == {22, 23, 24}
    assert fixer.get("rows", q="nothing like it")["chosen"] == 0


def test_a_held_file_has_no_grid_but_instructions(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    batch = clerk.upload(indian_file(indian_sale("1"), indian_sale("2", "two"), indian_sale("3", "three")))
    work()
    page = clerk.get(f"/uploads/{batch}/fix")
    assert page.status_code == 200
    assert "needs review first" in page.text
    assert "A manager of its region or an administrator reviews it" in page.text
    assert "Review it" not in page.text, "a clerk does not decide"


@pytest.mark.parametrize("role", [Role.SALESPERSON, Role.ANALYST])
def test_only_who_may_upload_may_fix(fixer: Fixer, person: People, role: Role) -> None:
    visitor = person(role)
    for part in ("", "/rows", "/cell", "/stamp", "/preview", "/next"):
        assert visitor.get(f"/uploads/{fixer.batch}/fix{part}").status_code == 403


def test_another_regions_rows_are_not_there(fixer: Fixer, person: People) -> None:
    anonymous = person(Role.CLERK, "UK")
    for part in ("", "/rows", "/cell?row=21&column=1", "/stamp", "/preview", "/next"):
        assert anonymous.get(f"/uploads/{fixer.batch}/fix{part}").status_code == 404
    other = Fixer(anonymous, fixer.batch)
    assert other.step("set", cells=[[21, 1, "x"]])["status"] == 404
    assert other.post("send")["status"] == 404


@pytest.mark.parametrize(
    "step",
    [
        None,
        {"do": "fly"},
        {"do": "set", "cells": [[21, 99, "x"]]},
        {"do": "set", "cells": [["21", 1, "x"]]},
        {"do": "set", "cells": []},
        {"do": "put", "code": "not-a-number"},
        {"do": "read", "code": "not-a-number", "column": 1, "how": "backwards"},
        {"do": "replace", "value": "", "text": "x"},
        {"do": "discard", "rows": [21], "text": " "},
        {"do": "accept", "rows": []},
        {"do": "set", "cells": [[21, 1, "x" * 10_001]]},
        {"do": "set", "cells": [[21, 1, "x"]], "column": True},
    ],
)
def test_an_empty_edit_is_rejected_with_a_message(fixer: Fixer, step: Any) -> None:
    response = fixer.post("steps", step=step)
    assert response["status"] == 422
    assert response["detail"]
    assert correction_draft.get_draft(fixer.who.app.ports, fixer.batch).version == 0
