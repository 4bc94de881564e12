"""A file that waits because of what it does not say: asked about in the portal, answered, and read then."""

import yaml
from upload_steps import ANSWERS, LOST, UNKNOWN, text_of
from visitor import People, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.model.events import INBOX
from tillstream.model.permissions import Role
from tillstream.records import batch_records

GOOD = [indian_sale(str(number)) for number in range(1, 7)]


def test_a_new_status_word_is_a_question_and_its_answer_is_applied(app: App, person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    batch = admin.upload(LOST)
    work()
    place = f"/uploads/{batch}/questions"
    assert f'href="{place}"' in admin.get(f"/uploads/{batch}").text
    assert f'href="{place}"' in admin.get(f"/waiting/{batch}").text
    text = text_of(admin.get(place).text)
    assert "“Lost” in Status is new" in text
    assert "What does each word of Status mean for the sale?" in text
    assert "Save and import the file" not in text
    assert admin.post(f"{place}/save").status_code == 422
    assert admin.post(place, {"answer.status.Lost": "cancelled"}).status_code == 303
    assert "Version 2 of IN fits the file" in text_of(admin.get(f"{place}?step=confirm").text)
    assert admin.post(f"{place}/save").status_code == 303
    work()
    assert "10 of 10 rows imported" in admin.get(f"/uploads/{batch}").text
    assert yaml.safe_load((app.settings.contracts / "IN.yaml").read_text())["status"]["words"]["Lost"] == "cancelled"
    assert admin.get(place).headers["Location"] == f"/uploads/{batch}"
    again = admin.upload(LOST.replace(b"June", b"July").replace(b"Asha", b"Ashok"), "july.csv")
    work()
    assert "10 of 10 rows imported" in admin.get(f"/uploads/{again}").text


def test_a_clerk_answers_and_an_administrator_accepts(app: App, person: People, work: Work) -> None:
    clerk, admin, other = person(Role.CLERK, "IN"), person(Role.ADMIN), person(Role.CLERK, "UK")
    batch = clerk.upload(LOST)
    work()
    place = f"/uploads/{batch}/questions"
    assert other.get(place).status_code == 404
    clerk.post(place, {"answer.status.Lost": "returned"})
    assert clerk.post(f"{place}/save").status_code == 303
    work()
    assert app.contracts.current("IN").version == 1
    assert "returned: it is subtracted" in text_of(admin.get("/uploads/proposals").text)
    assert admin.post(f"/uploads/{batch}/accept").status_code == 303
    work()
    assert app.contracts.current("IN").status.words["Lost"] == "returned"
    assert batch_records.get_batch(app.ports, batch).contract_version == 2


def test_a_file_without_a_contract_gets_a_new_one_from_answers(app: App, person: People, work: Work) -> None:
    with app.ports.objects.writer(INBOX, "unknown/linz.csv") as writer:
        writer.write(UNKNOWN)
    work()
    (upload,) = batch_records.find_batches(app.ports)
    admin, place = person(Role.ADMIN), f"/uploads/{upload.batch_id}/questions"
    assert "day, month, year 03/04/2026 is 3 April 2026" in text_of(admin.get(place).text)
    admin.post(place, ANSWERS)
    assert "A new data source fits the file" in admin.get(f"{place}?step=confirm").text
    assert admin.post(f"{place}/save", {"name": "linz"}).status_code == 303
    work()
    assert "3 of 3 rows imported" in admin.get(f"/uploads/{upload.batch_id}").text
    assert app.contracts.current("linz").region == "Austria"


def test_a_held_file_without_open_questions_has_no_link_to_them(person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    bad = admin.upload(indian_file(*(indian_sale(f"B{number}", "ten") for number in range(6)), *GOOD))
    work()
    page = admin.get(f"/uploads/{bad}").text
    assert "what each answer does" in page
    assert f"/uploads/{bad}/questions" not in page


def test_a_file_that_is_not_held_has_no_questions(person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    batch = admin.upload(indian_file(*GOOD))
    work()
    assert admin.get(f"/uploads/{batch}/questions").headers["Location"] == f"/uploads/{batch}"
    answer = admin.post(f"/uploads/{batch}/questions", {"answer.region": "IN"})
    assert (answer.status_code, "has no open questions" in answer.text) == (422, True)


def test_answers_about_one_file_are_for_those_with_the_same_reasons(app: App, person: People, work: Work) -> None:
    for number in (1, 2):
        with app.ports.objects.writer(INBOX, f"unknown/linz-{number}.csv") as writer:
            writer.write(UNKNOWN.replace(b"2026", f"202{number}".encode()))
    work()
    admin, (first, second) = person(Role.ADMIN), batch_records.find_batches(app.ports)
    place = f"/uploads/{first.batch_id}/questions"
    admin.post(place, ANSWERS)
    assert "Also for the 1 other file from inbox" in admin.get(f"{place}?step=confirm").text
    admin.post(f"{place}/save", {"name": "linz", "all": "yes"})
    work()
    assert {batch_records.get_batch(app.ports, one.batch_id).contract for one in (first, second)} == {"linz"}
