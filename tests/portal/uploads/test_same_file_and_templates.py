"""A file that came before is recognised by its bytes; each data source has an example file to download."""

import hashlib
import re

import pytest
from upload_steps import look_at, text_of
from visitor import People, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.model.batch import BatchState
from tillstream.model.permissions import Role
from tillstream.records import batch_records

GOOD = indian_file(*(indian_sale(str(number)) for number in range(1, 10)))
SAME = f"/uploads/same?sha256={hashlib.sha256(GOOD).hexdigest()}"


def test_the_same_bytes_are_recognised_before_and_after_they_are_sent(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    assert clerk.get(SAME).get_json() == {"upload": None}
    batch = clerk.upload(GOOD)
    work()
    earlier = clerk.get(SAME).get_json()["upload"]
    assert (earlier["url"], earlier["received_by"]) == (f"/uploads/{batch}", "clerk-in")
    assert "nothing counts twice" in earlier["advice"]
    page = text_of(clerk.get(look_at(clerk, GOOD, "again.csv")).text)
    assert "The same file was uploaded before" in page
    assert "nothing counts twice" in page
    other = text_of(clerk.get(look_at(clerk, GOOD + b"\n", "other.csv")).text)
    assert "uploaded before" not in other


def test_a_file_of_another_region_is_not_revealed(person: People, work: Work) -> None:
    person(Role.ADMIN).upload(GOOD)
    work()
    assert person(Role.CLERK, "UK").get(SAME).get_json() == {"upload": None}


def test_a_file_that_does_not_count_can_be_imported_again(person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    batch = admin.upload(GOOD)
    work()
    admin.post(f"/uploads/{batch}/undo")
    work()
    assert "you can import it again" in admin.get(SAME).get_json()["upload"]["advice"]


@pytest.mark.parametrize(
    ("state", "advice"),
    [
        (BatchState.FAILED, "It failed, and nothing is lost. An administrator can retry it; do not upload it again."),
        (BatchState.CANCELLED, "It was cancelled before it was imported, so you can import it again."),
    ],
)
def test_the_advice_is_about_what_happened_to_the_earlier_upload(
    app: App, person: People, state: BatchState, advice: str
) -> None:
    clerk = person(Role.CLERK, "IN")
    batch = clerk.upload(GOOD)
    batch_records.transition_batch(app.ports, batch, state)
    assert clerk.get(SAME).get_json()["upload"]["advice"] == advice
    assert advice in text_of(clerk.get(look_at(clerk, GOOD, "again.csv")).text)


def test_the_reason_of_a_rejection_is_in_the_advice(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    batch = clerk.upload(b"a,b\n1,2\n")
    work()
    same = hashlib.sha256(b"a,b\n1,2\n").hexdigest()
    advice = clerk.get(f"/uploads/same?sha256={same}").get_json()["upload"]["advice"]
    assert "It was rejected, and none of its rows is imported." in advice
    assert "Reason: The header does not contain" in advice
    assert "Rejected" in clerk.get(f"/uploads/{batch}").text


def test_a_discarded_file_can_be_imported_again(app: App, person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    batch = clerk.upload(GOOD)
    batch_records.transition_batch(app.ports, batch, BatchState.REJECTED, error="Rejected by manager-in: wrong month")
    earlier = clerk.get(SAME).get_json()["upload"]
    assert earlier["state"] == "Discarded"
    assert earlier["advice"].startswith("Discarded by manager-in: wrong month. None of its rows is imported.")


def test_the_template_of_a_data_source_fits_it(person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    assert 'href="/uploads/templates/IN.csv"' in clerk.get("/uploads").text
    answer = clerk.get("/uploads/templates/IN.csv")
    assert answer.headers["Content-Disposition"] == "attachment; filename=IN-template.csv"
    assert "1 of 1 row ready to import" in text_of(clerk.get(look_at(clerk, answer.data, "any.csv", "IN")).text)
    assert clerk.get("/uploads/templates/UK.csv").status_code == 422


def test_the_upload_page_lists_the_accepted_endings_once(person: People) -> None:
    page = person(Role.CLERK, "IN").get("/uploads").text
    listed = re.findall(r'(?:accept|data-endings)="([^"]*)"', page)
    accepted = [re.split("[ ,]", one) for one in listed]
    assert {".csv", ".xlsx", ".xlsb", ".parquet"} < set(accepted[0])
    assert set(accepted[1]) - set(accepted[0]) == {"text/csv"}


def test_all_previews_are_discarded_at_once(person: People) -> None:
    clerk, other = person(Role.CLERK, "IN"), person(Role.ADMIN)
    places = [look_at(clerk, GOOD, f"{number}.csv") for number in range(2)]
    others = look_at(other, GOOD, "other.csv")
    assert "Discard all previews" in clerk.get("/uploads").text
    clerk.post("/uploads/look/forget", {})
    assert "2 previews are discarded" in clerk.get("/uploads").text
    assert [clerk.get(place).status_code for place in places] == [404, 404]
    assert other.get(others).status_code == 200
