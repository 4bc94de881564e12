"""A clerk whose region is missing asks an administrator for it, and learns nothing of the regions of others."""

from typing import Any

import pytest
from upload_steps import ANSWERS, UNKNOWN, look_at, text_of
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.intake import upload_completion
from tillstream.model.batch import Batch, BatchState
from tillstream.model.contract import parse_contract
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.records import batch_records
from tillstream.review import questionnaire

OWN_ANSWERS = {key: value for key, value in ANSWERS.items() if key != "answer.region"}
NORTH = {
    "name": "north",
    "region": "Norway",
    "currency": "NOK",
    "columns": {"sale_id": "Nr", "date": "Dag", "net_amount": "Sum"},
    "identity": {"ids": "region-wide"},
}


def requested_file(clerk: Visitor, region: str = "Austria") -> Batch:
    """The file of a region that the clerk asks for."""
    place = look_at(clerk, UNKNOWN, "linz.csv")
    assert "Is the region of the file missing?" in clerk.get(place).text
    clerk.post(f"{place}/answers", OWN_ANSWERS)
    answer = clerk.post(f"{place}/request-region", {"region": f" {region} "})
    assert answer.status_code == 303, answer.text
    (batch,) = batch_records.find_batches(clerk.app.ports, state=BatchState.HELD)
    assert answer.location == f"/uploads/{batch.batch_id}"
    return batch


def test_the_request_is_listed_for_administrators_with_the_answers_and_is_answered_with_the_region(
    app: App, person: People, work: Work
) -> None:
    clerk, admin = person(Role.CLERK, "IN"), person(Role.ADMIN)
    batch = requested_file(clerk)
    assert "clerk-in cannot choose the region of the file and asks for Austria." in admin.get("/waiting").text
    questions = f"/uploads/{batch.batch_id}/questions"
    summary = admin.get(f"{questions}?step=confirm").text
    assert "Revenue 1,204.30 EUR" in text_of(summary)
    assert "Give clerk-in the region Austria" in summary
    assert "asks for Austria" in clerk.get(f"/uploads/{batch.batch_id}").text
    saved = admin.post(f"{questions}/save", {"name": "linz", "give_region": "yes"})
    assert saved.status_code == 303, saved.text
    work()
    assert accounts.get_user(app.ports, "clerk-in").regions == ("Austria", "IN")
    assert "3 of 3 rows imported" in clerk.get(f"/uploads/{batch.batch_id}").text


def test_the_region_can_be_created_without_giving_it(app: App, person: People) -> None:
    clerk, admin = person(Role.CLERK, "IN"), person(Role.ADMIN)
    batch = requested_file(clerk)
    admin.post(f"/uploads/{batch.batch_id}/questions/save", {"name": "linz"})
    assert app.contracts.current("linz").region == "Austria"
    assert accounts.get_user(app.ports, "clerk-in").regions == ("IN",)
    assert clerk.get(f"/uploads/{batch.batch_id}").status_code == 404


def test_a_refused_request_shows_its_reason_to_the_clerk(person: People) -> None:
    clerk, admin = person(Role.CLERK, "IN"), person(Role.ADMIN)
    batch = requested_file(clerk)
    admin.post(f"/uploads/{batch.batch_id}/reject", {"reason": "Send it to the office in Linz"})
    assert "Send it to the office in Linz" in clerk.get(f"/uploads/{batch.batch_id}").text


def test_a_region_can_be_requested_although_a_data_source_of_the_clerk_fits(app: App, person: People) -> None:
    clerk, admin = person(Role.CLERK, "IN"), person(Role.ADMIN)
    place = look_at(clerk, indian_file(indian_sale("1")), "USA.csv")
    assert "Import as IN" in (page := clerk.get(place).text)
    assert "Is the region of the file missing?" in page
    assert "Is the region of the file missing?" not in admin.get(look_at(admin, indian_file(indian_sale("2")))).text
    clerk.post(f"{place}/request-region", {"region": "Nepal"})
    (batch,) = batch_records.find_batches(app.ports, state=BatchState.HELD)
    assert "asks for Nepal" in clerk.get(f"/uploads/{batch.batch_id}").text
    assert "asks for Nepal" in admin.get("/waiting").text


@pytest.mark.parametrize("region", ["Norway", "Atlantis"])
def test_the_clerk_learns_nothing_of_a_region_and_cannot_answer_the_own_request(
    app: App, person: People, region: str
) -> None:
    app.contracts.save(parse_contract(NORTH), "test")
    clerk, colleague, manager = person(Role.CLERK, "IN"), person(Role.CLERK, "UK"), person(Role.MANAGER, "Norway")
    batch = requested_file(clerk, region)
    receipt = f"/uploads/{batch.batch_id}"
    page = clerk.get(receipt).text
    assert f"asks for {region}" in page
    for word in ("north", "NOK", "new region", "uploads/questions"):
        assert word not in page
    assert f"{receipt}/questions" not in page
    assert clerk.post(f"{receipt}/questions/save", {"name": "mine"}).status_code in {403, 422}
    assert clerk.post(f"{receipt}/confirm", {"contract": "IN"}).status_code == 403
    assert text_of(clerk.get("/waiting").text).count("linz.csv") == 1
    for other in (colleague, manager):
        assert other.get(receipt).status_code == 404
        assert "linz.csv" not in other.get("/waiting").text


@pytest.mark.parametrize("region", ["", "   ", "x" * 61])
def test_a_request_names_a_region(person: People, region: str) -> None:
    clerk = person(Role.CLERK, "IN")
    place = look_at(clerk, UNKNOWN, "linz.csv")
    answer = clerk.post(f"{place}/request-region", {"region": region})
    assert (answer.status_code, "Enter the name of the region" in answer.text) == (422, True)
    assert batch_records.find_batches(clerk.app.ports, kind=None) == []


def test_a_region_that_the_person_has_is_not_requested(person: People) -> None:
    for visitor in (person(Role.CLERK, "IN"), person(Role.ADMIN)):
        place = look_at(visitor, UNKNOWN, "linz.csv")
        answer = visitor.post(f"{place}/request-region", {"region": " IN "})
        words = "You need no request for IN: choose it as the region of the file."
        assert (answer.status_code, words in answer.text) == (422, True)
        assert batch_records.find_batches(visitor.app.ports, kind=None) == []


class Crash(BaseException):
    """The end of the process."""


def test_a_request_that_is_interrupted_keeps_the_answers(
    app: App, person: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = person(Role.CLERK, "IN")
    place = look_at(clerk, UNKNOWN, "linz.csv")
    answers = {key.removeprefix("answer."): value for key, value in OWN_ANSWERS.items()}
    upload_id, put = place.rsplit("/", 1)[-1], app.ports.documents.put

    def put_or_crash(collection: str, *args: Any, **options: Any) -> Any:
        if collection == questionnaire.ANSWERS_COLLECTION:
            raise Crash
        return put(collection, *args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(app.ports.documents, "put", put_or_crash)
        with pytest.raises(Crash):
            upload_completion.request_region(app.ports, app.contracts, upload_id, "clerk-in", "Austria", answers)
    upload = upload_completion.finish_upload(app.ports, app.contracts, upload_id, "clerk-in")
    assert questionnaire.stored_answers(app.ports, upload.batch_id) == answers | {"region": "Austria"}


def test_who_has_all_regions_names_a_new_one_without_asking(person: People) -> None:
    admin = person(Role.ADMIN)
    assert "Is the region of the file missing?" not in admin.get(look_at(admin, UNKNOWN, "linz.csv")).text
