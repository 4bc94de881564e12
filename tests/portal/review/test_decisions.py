"""What a person decides, with what would come of it: held files, undo, and what changed since."""

from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from visitor import Visitor, indian_file, indian_sale

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.audit import reading
from tillstream.batches import records
from tillstream.domain.batch.record import State
from tillstream.domain.people import Role

People = Callable[..., Visitor]
Work = Callable[[], None]
GOOD = indian_file(*(indian_sale(f"A{number}") for number in range(1, 11)))
MOSTLY_BAD = indian_file(*(indian_sale(f"B{number}", "ten") for number in range(6)), indian_sale("B9", "40.00"))


def test_a_held_file_shows_its_reasons_and_the_effect_of_each_answer(person: People, work: Work) -> None:
    manager = person(Role.MANAGER, "IN")
    manager.upload(GOOD)
    held = manager.upload(MOSTLY_BAD, "bad.csv")
    work()
    listed = manager.get("/waiting").text
    assert "1 file needs your decision" in listed
    assert "bad.csv" in listed
    page = manager.get(f"/waiting/{held}").text
    assert "Decide on bad.csv" in page
    assert "1 line would be added" in page
    assert "1,000.00" in page
    assert "1,040.00" in page
    assert "None of its 7 rows counts" in page
    assert "1,000.00" in manager.get("/dashboard").text, "the look at it changed nothing"


def test_only_a_held_file_with_superseded_rows_can_be_made_current(person: People, work: Work) -> None:
    manager = person(Role.MANAGER, "IN")
    first = manager.upload(MOSTLY_BAD)
    work()
    assert "Preview: confirm and make it current" not in manager.get(f"/waiting/{first}").text
    manager.post(f"/uploads/{first}/confirm")
    work()
    manager.upload(indian_file(indian_sale("B9", "50.00")), "later.csv")
    work()
    again = manager.upload(MOSTLY_BAD)
    work()
    assert "Preview: confirm and make it current" in manager.get(f"/waiting/{again}").text
    assert "Preview: confirm only" in manager.get(f"/waiting/{again}?as_new=yes").text


def test_a_confirmed_file_counts_and_shows_who_confirmed_it(app: App, person: People, work: Work) -> None:
    manager = person(Role.MANAGER, "IN")
    held = manager.upload(MOSTLY_BAD)
    work()
    manager.post(f"/uploads/{held}/confirm")
    work()
    record = records.get(app.ports, held)
    assert record.state is State.ANNOUNCED
    entries = reading.find_by_subject(app.ports, "upload", held)
    assert ("upload.confirmed", "manager-in") in [(one.what, one.who) for one in entries]
    assert manager.get(f"/waiting/{held}").status_code == 303
    assert "No file needs a decision" in manager.get("/waiting").text


def test_the_navigation_counts_what_waits_in_the_own_regions(person: People, work: Work) -> None:
    indian, american, analyst = person(Role.MANAGER, "IN"), person(Role.MANAGER, "USA"), person(Role.ANALYST)
    indian.upload(MOSTLY_BAD)
    work()
    assert 'class="waits"' in indian.get("/uploads").text
    assert 'class="waits"' not in american.get("/uploads").text
    assert 'class="waits"' not in analyst.get("/dashboard").text


def test_a_clerk_sees_why_a_file_waits_but_does_not_decide(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    held = clerk.upload(MOSTLY_BAD)
    work()
    page = clerk.get(f"/waiting/{held}").text
    assert "A manager of IN or an administrator decides." in page
    assert "Confirm and import its rows" not in page
    assert clerk.post(f"/uploads/{held}/confirm").status_code == 403


def test_what_waits_elsewhere_is_unknown(person: People, work: Work) -> None:
    held = person(Role.ADMIN).upload(MOSTLY_BAD)
    work()
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
    entries = reading.find_by_subject(app.ports, "upload", batch)
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


def test_what_changed_since_a_day_is_paged_and_adds_up(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    for number in range(27):
        clerk.upload(indian_file(indian_sale(f"N{number}", "1.00")), f"{number}.csv")
        work()
    first = clerk.get("/changes?since=2020-01-01").text
    assert "27 lines added" in first
    assert first.count('href="/changes/') == 25 + first.count('href="/changes/?')
    second = clerk.get("/changes?since=2020-01-01&page=2").text
    assert 'href="/changes/1"' in second
    assert clerk.get("/changes?since=yesterday").status_code == 422


@pytest.mark.parametrize("path", ["/waiting", "/changes"])
def test_decisions_and_previews_require_sign_in(portal: Flask, path: str) -> None:
    assert Visitor(portal.test_client()).get(path).status_code == 303
