"""A clerk corrects a held file: downloads it, uploads another one, and leaves a note for those who review it."""

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.review import held_batches

BAD = indian_file(*(indian_sale(f"B{number}", "ten") for number in range(6)), indian_sale("B9", "40.00"))
NOTE = "An export of May.\nThe corrected file is may-2.csv."


@pytest.fixture
def clerk(person: People) -> Visitor:
    return person(Role.CLERK, "IN", login="asha")


@pytest.fixture
def held(clerk: Visitor, work: Work) -> str:
    batch = clerk.upload(BAD, "may.csv")
    work()
    return batch


def test_a_clerk_downloads_a_held_file_and_uploads_the_corrected_one(clerk: Visitor, held: str) -> None:
    page = clerk.get(f"/waiting/{held}").text
    assert f'href="/uploads/{held}/original"' in page
    assert 'href="/uploads?contract=IN"' in page
    assert f'href="/waiting/{held}#correct-{held}"' in clerk.get(f"/uploads/{held}").text
    assert f'id="correct-{held}"' in page
    original = clerk.get(f"/uploads/{held}/original")
    assert original.data == BAD
    assert original.headers["Content-Disposition"] == "attachment; filename=may.csv"
    assert '<option value="IN" selected>' in clerk.get("/uploads?contract=IN").text


def test_a_note_is_shown_to_those_who_review_the_file(person: People, clerk: Visitor, held: str) -> None:
    assert clerk.post(f"/waiting/{held}/notes", {"note": NOTE}).status_code == 303
    manager = person(Role.MANAGER, "IN", login="maya")
    for address in (f"/waiting/{held}", f"/waiting/{held}/answers"):
        assert "An export of May. The corrected file is may-2.csv." in manager.get(address).text


@pytest.mark.parametrize("note", ["", "  ", "x" * (held_batches.MAX_NOTE_LENGTH + 1)])
def test_a_note_has_words_and_is_short(clerk: Visitor, held: str, note: str) -> None:
    assert clerk.post(f"/waiting/{held}/notes", {"note": note}).status_code == 422


def test_the_oldest_notes_are_replaced(app: App, clerk: Visitor, held: str) -> None:
    for number in range(held_batches.MAX_NOTES + 2):
        held_batches.add_note(app.ports, held, f"note {number}", "asha")
    assert [one.text for one in held_batches.notes_of_batch(app.ports, held)] == [
        f"note {n}" for n in range(2, held_batches.MAX_NOTES + 2)
    ]
    assert clerk.get(f"/waiting/{held}").status_code == 200


def test_a_file_that_is_decided_gets_no_note(person: People, clerk: Visitor, held: str) -> None:
    person(Role.ADMIN).post(f"/uploads/{held}/reject", {"reason": "corrected"})
    assert clerk.post(f"/waiting/{held}/notes", {"note": "late"}).status_code == 422


def test_another_region_gets_neither_file_nor_note(person: People, held: str) -> None:
    other = person(Role.CLERK, "UK", login="uma")
    assert other.get(f"/uploads/{held}/original").status_code == 404
    assert other.post(f"/waiting/{held}/notes", {"note": "mine"}).status_code == 404
