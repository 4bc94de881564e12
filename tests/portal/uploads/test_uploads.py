"""Files through the portal: given, tried, decided, corrected, undone; and what the receipt says of each."""

import re
from io import BytesIO

import pytest
from flask import Flask
from visitor import HEADER, People, Work, indian_file, indian_sale

from portal.uploads import labels, listing
from tillstream.app import App
from tillstream.contracts import source_settings
from tillstream.model.batch import BatchState
from tillstream.model.permissions import Role
from tillstream.records import batch_records

GOOD = indian_file(*(indian_sale(str(number)) for number in range(1, 11)))
ONE_BAD = indian_file(*(indian_sale(str(number)) for number in range(1, 10)), indian_sale("10", "ten"))
MOSTLY_BAD = indian_file(indian_sale("1"), indian_sale("2", "two"), indian_sale("3", "three"))


def test_an_upload_becomes_a_receipt_and_a_number(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    batch = clerk.upload(GOOD)
    assert "Waiting to be read" in clerk.get(f"/uploads/{batch}").text
    work()
    page = clerk.get(f"/uploads/{batch}").text
    assert "10 of 10 rows imported" in page
    assert clerk.get(f"/api/uploads/{batch}/receipt").get_json()["rows"]["new"] == 10
    assert "1,000.00" in clerk.get("/dashboard").text


def test_several_files_come_in_one_form(app: App, person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    source_settings.save_import_setting(app.ports, "IN", without_preview=True, by="boss")
    files = [(BytesIO(GOOD), "june.csv"), (BytesIO(indian_file(indian_sale("99"))), "july.csv")]
    assert clerk.post("/uploads", {"contract": "IN", "file": files}).headers["Location"] == "/uploads"
    work()
    page = clerk.get("/uploads").text
    assert "june.csv" in page
    assert "july.csv" in page
    assert {one.received_by for one in batch_records.find_batches(app.ports)} == {"clerk-in"}


def test_one_file_without_a_script_leads_to_its_receipt(app: App, person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    source_settings.save_import_setting(app.ports, "IN", without_preview=True, by="boss")
    answer = clerk.post("/uploads", {"contract": "IN", "file": (BytesIO(GOOD), "june.csv")})
    assert answer.status_code == 303
    assert clerk.get(answer.headers["Location"]).status_code == 200


def test_a_form_without_a_file_is_rejected_with_a_message(person: People) -> None:
    answer = person(Role.CLERK, "IN").post("/uploads", {"contract": "IN"})
    assert answer.status_code == 422
    assert "Choose a file first." in answer.text


def test_a_file_larger_than_the_limit_is_rejected_with_the_limit(portal: Flask, person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    portal.config["MAX_CONTENT_LENGTH"] = 1_000
    answer = clerk.post("/uploads", {"contract": "IN", "file": (BytesIO(GOOD), "june.csv")})
    assert (answer.status_code, "The maximum size is 1.0 kB. Split the file" in answer.text) == (413, True)


def test_the_script_reads_errors_as_problem_json(person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    answer = clerk.post("/uploads", {"contract": "UK"}, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert "Choose the data source" in answer.get_json()["detail"]


def test_refused_rows_are_grouped_by_rule_with_the_row_and_the_remedy(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    batch = clerk.upload(ONE_BAD)
    work()
    page = clerk.get(f"/uploads/{batch}").text
    assert "9 of 10 rows imported; 1 row to fix" in page
    assert "Not a number" in page
    assert "What to do" in page
    assert indian_sale("10", "ten") in page
    rows = clerk.get(f"/uploads/{batch}/refused?code=not-a-number").text
    assert ">11</data>" in rows
    assert "Rate is “ten”, which cannot be read as a number" in rows


def test_a_row_with_markup_in_it_stays_text(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    evil = indian_sale("1", "<script>alert(1)</script>")
    batch = clerk.upload(indian_file(*(indian_sale(str(n)) for n in range(2, 9)), evil), name="<b>june</b>.csv")
    work()
    for path in (f"/uploads/{batch}", f"/uploads/{batch}/refused", "/uploads"):
        text = clerk.get(path).text
        assert "<script>alert" not in text
        assert "<b>june" not in text


def test_rejected_rows_are_downloaded_corrected_and_submitted(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    batch = clerk.upload(ONE_BAD)
    work()
    download = clerk.get(f"/uploads/{batch}/refused.csv")
    assert download.mimetype == "text/csv"
    assert download.headers["Content-Disposition"] == "attachment; filename=june-refused.csv"
    assert download.data.startswith(b"\xef\xbb\xbf" + HEADER.split(",", maxsplit=1)[0].encode())
    corrected = download.data.decode("utf-8-sig").replace(",ten,", ",100.00,").encode()
    answer = clerk.post(f"/uploads/{batch}/fix", {"file": (BytesIO(corrected), "june-refused.csv")})
    assert answer.status_code == 303, answer.text
    work()
    assert "10 of 10 rows imported" in clerk.get(f"/uploads/{batch}").text
    assert "1,000.00" in clerk.get("/dashboard").text


def test_a_held_file_waits_for_a_manager(person: People, work: Work) -> None:
    clerk, manager = person(Role.CLERK, "IN"), person(Role.MANAGER, "IN")
    batch = clerk.upload(MOSTLY_BAD)
    work()
    page = clerk.get(f"/uploads/{batch}").text
    assert "Needs review" in page
    assert "A manager of IN or an administrator can review it." in page
    assert clerk.post(f"/uploads/{batch}/confirm").status_code == 403
    assert manager.post(f"/uploads/{batch}/confirm").status_code == 303
    work()
    assert "1 of 3 rows imported; 2 rows to fix" in clerk.get(f"/uploads/{batch}").text


def test_the_rejected_rows_of_a_held_file_can_be_viewed_before_deciding(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    batch = clerk.upload(MOSTLY_BAD)
    work()
    assert indian_sale("2", "two") in clerk.get(f"/uploads/{batch}").text
    rows = clerk.get(f"/uploads/{batch}/refused?code=not-a-number").text
    assert "Rate is “three”, which cannot be read as a number" in rows
    assert "Download all rows to fix" in clerk.get(f"/uploads/{batch}/refused").text
    none_of_them = clerk.get(f"/uploads/{batch}/refused?code=not-a-date").text
    assert "No rows to fix" in none_of_them
    assert "Download all rows to fix" not in none_of_them
    assert clerk.get(f"/uploads/{batch}/refused.csv").data.count(b"\n") == 3


def test_a_held_file_is_rejected_with_a_reason(app: App, person: People, work: Work) -> None:
    manager = person(Role.MANAGER, "IN")
    batch = manager.upload(MOSTLY_BAD)
    work()
    manager.post(f"/uploads/{batch}/reject", {"reason": "wrong month"})
    assert batch_records.get_batch(app.ports, batch).state is BatchState.REJECTED
    page, rows = manager.get(f"/uploads/{batch}").text, manager.get("/uploads").text.partition("<tbody>")[2]
    assert (">Discarded</span>" in page, "Discarded by manager-in: wrong month" in page) == (True, True)
    assert ("Discarded" in rows, "Rejected" in rows + page) == (True, False)


def test_an_undo_can_be_previewed(person: People, work: Work) -> None:
    manager = person(Role.MANAGER, "IN")
    batch = manager.upload(GOOD)
    work()
    preview = manager.get(f"/uploads/{batch}/undo").text
    assert "10 lines would be removed" in preview
    assert "1,000.00" in preview
    assert "1,000.00" in manager.get("/dashboard").text
    manager.post(f"/uploads/{batch}/undo")
    work()
    assert "No sales yet" in manager.get("/dashboard").text
    assert "none of them count now" in manager.get(f"/uploads/{batch}").text


def test_an_undo_shows_a_manager_no_totals_of_other_regions(person: People, work: Work) -> None:
    admin, manager = person(Role.ADMIN), person(Role.MANAGER, "USA")
    indian = admin.upload(GOOD)
    work()
    assert manager.get(f"/uploads/{indian}/undo").status_code == 404
    american = admin.post("/uploads", {"contract": "USA", "file": (BytesIO(GOOD), "usa.csv")})
    assert american.status_code == 303
    work()
    assert ">IN<" not in manager.get("/uploads").text


def test_a_file_is_read_again_with_todays_contract(app: App, person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    batch = clerk.upload(GOOD)
    work()
    answer = clerk.post(f"/uploads/{batch}/replay", {"contract": "IN"})
    assert answer.status_code == 303, answer.text
    work()
    assert "10 of 10 rows imported" in clerk.get(answer.headers["Location"]).text
    assert batch_records.get_batch(app.ports, batch).state is BatchState.REPLAYED


def test_undo_of_a_file_with_a_pending_replay_is_rejected_with_the_reason(app: App, person: People, work: Work) -> None:
    manager = person(Role.MANAGER, "IN")
    batch = manager.upload(MOSTLY_BAD)
    work()
    manager.post(f"/uploads/{batch}/confirm")
    work()
    again = manager.post(f"/uploads/{batch}/replay", {"contract": "IN"}).headers["Location"].rsplit("/", 1)[1]
    work()
    assert batch_records.get_batch(app.ports, again).state is BatchState.HELD
    for refused in (manager.get(f"/uploads/{batch}/undo"), manager.post(f"/uploads/{batch}/undo")):
        assert refused.status_code == 422
        assert f"already being replayed as batch {again}, which is held" in refused.text
    assert batch_records.get_batch(app.ports, batch).state is BatchState.ANNOUNCED
    page = manager.get(f"/uploads/{batch}").text
    assert ("needs review" in page, f"/uploads/{again}" in page) == (True, True)
    assert ("Undo…" in page, "Reprocess</button>" in page, "data-poll" in page) == (False, False, False)
    manager.post(f"/uploads/{again}/reject")
    assert "Undo…" in manager.get(f"/uploads/{batch}").text
    assert manager.post(f"/uploads/{batch}/undo").status_code == 303


def test_an_upload_is_cancelled_before_it_is_read(app: App, person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    batch = clerk.upload(GOOD)
    clerk.post(f"/uploads/{batch}/cancel")
    work()
    assert batch_records.get_batch(app.ports, batch).state is BatchState.CANCELLED
    assert "No sales yet" in clerk.get("/dashboard").text


def test_a_step_that_the_state_does_not_allow_is_refused_in_words(person: People, work: Work) -> None:
    manager = person(Role.MANAGER, "IN")
    batch = manager.upload(GOOD)
    work()
    answer = manager.post(f"/uploads/{batch}/cancel")
    assert answer.status_code == 422
    assert "june.csv is" in answer.text


def test_another_regions_upload_does_not_exist_for_a_clerk(person: People, work: Work) -> None:
    batch = person(Role.CLERK, "IN").upload(GOOD)
    work()
    other = person(Role.CLERK, "UK")
    assert "june.csv" not in other.get("/uploads").text
    assert other.get("/api/uploads").get_json()["uploads"] == []
    for path in ("", "/refused", "/refused.csv"):
        assert other.get(f"/uploads/{batch}{path}").status_code == 404
    for path in ("/cancel", "/fix", "/replay"):
        assert other.post(f"/uploads/{batch}{path}").status_code == 404
    assert other.get(f"/api/uploads/{batch}").status_code == 404
    assert other.get(f"/api/uploads/{batch}/receipt").status_code == 404


def test_a_clerk_chooses_only_among_contracts_of_own_regions(person: People) -> None:
    page = person(Role.CLERK, "IN").get("/uploads").text
    assert '<option value="IN">' in page
    assert '<option value="UK">' not in page


def test_no_contract_is_preselected_and_without_one_a_file_is_previewed(person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    clerk.upload(GOOD)
    form = clerk.get("/uploads").text.partition('id="contract"')[2].partition("</select>")[0]
    assert re.findall(r"<option[^>]*>", form)[0] == '<option value="">'
    assert "selected" not in form
    answer = clerk.post("/uploads", {"contract": "", "file": (BytesIO(GOOD), "IN.csv")})
    assert "Preview of IN.csv" in clerk.get(answer.headers["Location"]).text
    program = clerk.post("/uploads", {"contract": ""}, headers={"Accept": "application/json"})
    assert (program.status_code, "Choose the data source" in program.get_json()["detail"]) == (422, True)


def test_the_list_is_searched_filtered_sorted_and_paged(
    person: People, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PER_PAGE", 10)
    clerk = person(Role.CLERK, "IN")
    for number in range(12):
        clerk.upload(indian_file(indian_sale(str(number))), name=f"day-{number:02}.csv")
    clerk.upload(MOSTLY_BAD, name="held.csv")
    work()

    def shown(query: str) -> list[str]:
        page = clerk.get(f"/uploads{query}").text
        return [part.split('">')[1].split("</a>")[0] for part in page.split('<th scope="row"><a')[1:]]

    assert shown("")[:2] == ["held.csv", "day-11.csv"]
    assert len(shown("")) == 10
    assert shown("?page=2") == ["day-02.csv", "day-01.csv", "day-00.csv"]
    assert shown("?state=needs") == ["held.csv"]
    assert shown("?q=DAY-1")[0] == "day-11.csv"
    assert shown("?sort=file")[0] == "day-00.csv"
    assert shown("?sort=-file")[0] == "held.csv"
    assert shown("?q=nothing-like-it") == []
    assert "No results" in clerk.get("/uploads?q=nothing-like-it").text
    assert len(clerk.get("/api/uploads?limit=5&offset=11").get_json()["uploads"]) == 2


def test_every_state_has_words() -> None:
    assert set(labels.STATES) == set(BatchState)
    rows = dict.fromkeys(("read", "new", "corrected", "duplicate", "quarantined", "blank", "ignored"), 0)
    for state in (*BatchState, "dry-run"):
        assert labels.headline({"rows": rows, "status": str(state), "error": ""})


@pytest.mark.parametrize("settled", [True, False])
def test_the_parts_of_a_balance_add_up_to_the_rows_read(*, settled: bool) -> None:
    entered = (4, 2, 1) if settled else (None, None, None)
    rows = dict(zip(("new", "corrected", "duplicate"), entered, strict=True))
    rows |= {"read": 12, "quarantined": 3, "blank": 1, "ignored": 1}
    assert sum(part["count"] for part in labels.balance(rows)) == 12
