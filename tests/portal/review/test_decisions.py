"""What a person decides, with what would come of it: held files, undo, and what changed since."""

from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from visitor import People, Visitor, Work, indian_file, indian_sale

from portal import list_view
from portal.review import answers
from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.batch import BatchState
from tillstream.model.permissions import Role
from tillstream.records import audit_log, batch_records
from tillstream.review import held_batches
from tillstream.review.settlement_previews import is_confirmation_previewable

GOOD = indian_file(*(indian_sale(f"A{number}") for number in range(1, 11)))
MOSTLY_BAD = indian_file(*(indian_sale(f"B{number}", "ten") for number in range(6)), indian_sale("B9", "40.00"))
SHARED = True


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(MOSTLY_BAD, "held.csv")
    work()


@pytest.fixture
def held(app: App, sold: Visitor) -> str:
    """The batch of a file of an administrator that is held."""
    (one,) = batch_records.find_batches(app.ports)
    return one.batch_id


def test_a_held_file_shows_its_reasons_and_the_effect_of_each_answer(person: People, work: Work) -> None:
    manager = person(Role.MANAGER, "IN")
    manager.upload(GOOD)
    held = manager.upload(MOSTLY_BAD, "bad.csv")
    work()
    listed = manager.get("/waiting").text
    assert "1 file needs review and is not imported yet" in listed
    assert "bad.csv" in listed
    page = manager.get(f"/waiting/{held}").text
    assert "<h1>bad.csv</h1>" in page
    assert "1 line would be added" in page
    assert "1,000.00" in page
    assert "1,040.00" in page
    assert "None of its 7 rows counts" in page
    assert "1,000.00" in manager.get("/dashboard").text, "the look at it changed nothing"


def test_only_a_held_file_with_superseded_rows_can_be_made_current(person: People, work: Work) -> None:
    manager = person(Role.MANAGER, "IN")
    first = manager.upload(MOSTLY_BAD)
    work()
    assert "Preview: import and make it current" not in manager.get(f"/waiting/{first}").text
    manager.post(f"/uploads/{first}/confirm")
    work()
    manager.upload(indian_file(indian_sale("B9", "50.00")), "later.csv")
    work()
    again = manager.upload(MOSTLY_BAD)
    work()
    assert "Preview: import and make it current" in manager.get(f"/waiting/{again}").text
    assert "Preview: import only" in manager.get(f"/waiting/{again}?as_new=yes").text


@pytest.mark.own_home
def test_a_confirmed_file_counts_and_shows_who_confirmed_it(app: App, person: People, work: Work, held: str) -> None:
    manager = person(Role.MANAGER, "IN")
    manager.post(f"/uploads/{held}/confirm")
    work()
    record = batch_records.get_batch(app.ports, held)
    assert record.state is BatchState.ANNOUNCED
    entries = audit_log.find_by_subject(app.ports, "upload", held)
    assert ("upload.confirmed", "manager-in") in [(one.what, one.who) for one in entries]
    assert manager.get(f"/waiting/{held}").status_code == 303
    assert "No file needs review" in manager.get("/waiting").text


@pytest.mark.usefixtures("held")
def test_the_navigation_counts_what_waits_in_the_own_regions(person: People) -> None:
    indian, american, analyst = person(Role.MANAGER, "IN"), person(Role.MANAGER, "USA"), person(Role.ANALYST)
    assert 'class="waits"' in indian.get("/uploads").text
    assert 'class="waits"' not in american.get("/uploads").text
    assert 'class="waits"' not in analyst.get("/dashboard").text


def test_a_clerk_sees_why_a_file_waits_but_does_not_decide(person: People, held: str) -> None:
    clerk = person(Role.CLERK, "IN")
    page = clerk.get(f"/waiting/{held}").text
    assert "A manager of IN or an administrator can review it." in page
    assert "Import the file" not in page
    assert "Check the rows to fix" not in page, "a remedy is for those who decide"
    assert clerk.post(f"/uploads/{held}/confirm").status_code == 403


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("role", list(Role))
def test_roles_that_decide_or_upload_see_held_files_as_a_task(person: People, role: Role) -> None:
    visitor = person(role, "IN")
    decides = role in {Role.ADMIN, Role.MANAGER}
    sees = decides or role is Role.CLERK
    start = visitor.get("/dashboard").text
    tile = visitor.get("/dashboard/tiles/attention").text
    assert ('class="waits"' in start, "1</b> file needs review" in tile) == (sees, sees)
    listed = visitor.get("/waiting")
    assert listed.status_code == (200 if sees else 403)
    assert ("then import or discard it" in listed.text) == decides
    assert visitor.post("/waiting", {"answer": "import", "batch": "0" * 20}).status_code == (404 if decides else 403)


@pytest.mark.usefixtures("held")
def test_the_count_of_a_user_limited_to_stores_leaves_out_the_files_of_others(person: People) -> None:
    elsewhere = person(Role.MANAGER, "IN", stores=("DEL01",))
    assert 'class="waits"' not in elsewhere.get("/uploads").text
    assert "No file needs review" in elsewhere.get("/waiting").text


def test_several_files_are_imported_or_discarded_together(app: App, person: People, work: Work) -> None:
    manager = person(Role.MANAGER, "IN")
    batches = [
        manager.upload(indian_file(indian_sale(f"{day}9"), *(indian_sale(f"{day}{n}", "ten") for n in range(4))), day)
        for day in ("a.csv", "b.csv", "c.csv")
    ]
    work()
    assert "3 files need review" in manager.get("/waiting").text
    assert manager.post("/waiting", {"answer": "import", "batch": [*batches[:2], batches[0]]}).status_code == 303
    page = manager.get("/waiting").text
    assert ("2 files are being imported" in page, "1 file needs review" in page) == (True, True)
    manager.post("/waiting", {"answer": "discard", "batch": batches[2], "reason": "wrong month"})
    assert "1 file is discarded" in manager.get("/waiting").text
    work()
    assert [batch_records.get_batch(app.ports, one).state for one in batches] == [
        BatchState.ANNOUNCED,
        BatchState.ANNOUNCED,
        BatchState.REJECTED,
    ]
    assert batch_records.get_batch(app.ports, batches[2]).error == "Rejected by manager-in: wrong month"
    manager.post("/waiting", {"answer": "import", "batch": batches[2]})
    assert "Not changed, because" in manager.get("/waiting").text
    assert manager.post("/waiting", {"answer": "import"}).status_code == 422


@pytest.mark.own_home
def test_the_answers_of_a_file_are_a_part_of_the_list(person: People, held: str) -> None:
    manager = person(Role.MANAGER, "IN")
    assert f'data-src="/waiting/{held}/answers"' in manager.get("/waiting").text
    part = manager.get(f"/waiting/{held}/answers").text
    assert "<!doctype html>" not in part
    assert ("1 line would be added" in part, "“ten”, which cannot be read" in part) == (True, True)
    manager.post(f"/uploads/{held}/reject")
    assert "Someone else reviewed this file" in manager.get(f"/waiting/{held}/answers").text


def test_what_waits_elsewhere_is_unknown(person: People, held: str) -> None:
    anonymous = person(Role.MANAGER, "USA")
    assert anonymous.get(f"/waiting/{held}").status_code == 404
    assert held not in anonymous.get("/waiting").text


def test_an_undo_shows_the_headline_numbers_before_and_after_and_then_what_it_changed(
    app: App, person: People, work: Work
) -> None:
    manager = person(Role.MANAGER, "IN")
    manager.upload(indian_file(indian_sale("A1", "150.00"), indian_sale("A99", "7.00")), "first.csv")
    batch = manager.upload(GOOD, "second.csv")
    work()
    page = manager.get(f"/uploads/{batch}/undo").text
    assert "9 lines would be removed, 1 line would return to earlier values." in page
    assert "1,007.00" in page
    assert "157.00" in page
    assert "3 Jun 2026" in page, "the days concerned are named"
    done = manager.post(f"/uploads/{batch}/undo", follow_redirects=True).text
    assert "second.csv is undone" in done
    assert "1 line changed, 9 lines removed" in done
    assert "157.00" in done
    entries = audit_log.find_by_subject(app.ports, "upload", batch)
    assert ("upload.undone", "manager-in") in [(one.what, one.who) for one in entries]


def test_the_receipt_leads_to_what_the_file_changed(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    batch = clerk.upload(GOOD)
    work()
    assert 'href="/changes/1"' in clerk.get(f"/uploads/{batch}").text
    page = clerk.get("/changes/1").text
    assert "10 lines added" in page
    assert f'href="/uploads/{batch}"' in page
    lines = clerk.get("/changes/1/lines?kind=added&size=25").text
    assert "A10" in lines
    assert "No line removed." in clerk.get("/changes/1/lines?kind=removed").text


def test_the_receipt_leads_to_what_a_correction_changed(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    batch = clerk.upload(indian_file(*(indian_sale(f"A{n}") for n in range(9)), indian_sale("A99", "ten")))
    work()
    rows = clerk.get(f"/uploads/{batch}/refused.csv").data.decode("utf-8-sig").replace(",ten,", ",10.00,")
    clerk.post(f"/uploads/{batch}/fix", {"file": (BytesIO(rows.encode()), "corrected.csv")})
    work()
    page = clerk.get(f"/uploads/{batch}").text
    assert 'href="/changes/2">Changes of its correction' in page
    assert "1 line added" in clerk.get("/changes/2").text


def test_a_corrected_line_is_published_with_both_values(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    clerk.upload(indian_file(indian_sale("A1", "100.00")))
    work()
    clerk.upload(indian_file(indian_sale("A1", "120.00", date="04-06-2026 10:00")))
    work()
    page = clerk.get("/changes/2").text
    assert "1 line changed" in page
    assert "100.00" in page
    assert "120.00" in page
    assert '+<data value="20.00' in page


def test_changes_are_limited_to_the_scope(person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    mine = indian_sale("A1", "5.00")
    admin.upload(indian_file(mine, indian_sale("OTHERS-SALE", "90.00").replace(",S1,", ",S2,")))
    work()
    seller, other = person(Role.SALESPERSON, "IN", salesperson="S1"), person(Role.MANAGER, "USA")
    page = seller.get("/changes/1").text
    assert "1 line added" in page
    assert "OTHERS-SALE" not in page + seller.get("/changes/1/lines").text
    assert "90.00" not in page
    for path in ("/changes/1", "/changes/1/lines", "/changes/2", "/changes/0"):
        assert other.get(path).status_code == 404
    assert "june.csv" not in page, "salespeople see no uploads"


def test_changes_since_the_last_visit_restart_after_a_pause(person: People, work: Work, clock: ManualClock) -> None:
    clerk = person(Role.CLERK, "IN")
    assert "No change" in clerk.get("/changes").text
    clerk.upload(GOOD)
    work()
    assert "10 lines added" in clerk.get("/changes").text
    clock.advance(7200)
    assert "None of your numbers changed" in clerk.get("/changes").text
    clerk.upload(indian_file(indian_sale("Z1")))
    work()
    clock.advance(7200)
    page = clerk.get("/changes").text
    assert "1 line added" in page
    assert 'href="/changes/2"' in page
    assert 'href="/changes/1"' not in page


def test_what_changed_since_a_day_is_paged_and_adds_up(
    person: People, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_view, "SIZES", (4,))  # 25 settlements take long
    clerk = person(Role.CLERK, "IN")
    for number in range(6):
        clerk.upload(indian_file(indian_sale(f"N{number}", "1.00")), f"{number}.csv")
        work()
    first = clerk.get("/changes?since=2020-01-01&size=4").text
    assert "6 lines added" in first
    assert first.count('href="/changes/') == 4 + first.count('href="/changes/?')
    second = clerk.get("/changes?since=2020-01-01&size=4&page=2").text
    assert 'href="/changes/1"' in second
    assert clerk.get("/changes?since=yesterday").status_code == 422


@pytest.mark.parametrize("path", ["/waiting", "/changes"])
def test_decisions_and_previews_require_sign_in(portal: Flask, path: str) -> None:
    assert Visitor(portal.test_client()).get(path).status_code == 303


@pytest.mark.own_home
def test_a_file_that_is_answered_while_its_answers_are_computed(
    app: App, person: People, held: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = person(Role.MANAGER, "IN")

    def is_answered_first(*arguments: Any) -> bool:
        if batch_records.get_batch(app.ports, held).state is BatchState.HELD:
            held_batches.reject_batch(app.ports, held, "another")
        return is_confirmation_previewable(*arguments)

    monkeypatch.setattr(answers, "is_confirmation_previewable", is_answered_first)
    page = manager.get(f"/waiting/{held}/answers")
    assert (page.status_code, "Someone else reviewed this file" in page.text) == (200, True)
