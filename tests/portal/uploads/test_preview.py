"""A file before it is loaded: how its cells are understood, what is asked of it, what would happen; then it goes in."""

import re
from io import BytesIO

import pytest
import yaml
from upload_steps import ANSWERS, UNKNOWN, look_at, summary_of, text_of
from visitor import People, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.intake import resumable_upload
from tillstream.model.events import STAGING
from tillstream.model.permissions import Role
from tillstream.records import batch_records

GOOD = indian_file(*(indian_sale(str(number)) for number in range(1, 10)), indian_sale("10", "ten"))


def test_a_known_file_shows_its_contract_its_cells_and_what_would_happen(app: App, person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    page = clerk.get(look_at(clerk, GOOD)).text
    text = text_of(page)
    assert "Preview of june.csv" in text
    assert "9 of 10 rows ready to import; 1 row to fix" in text
    assert "Invoice Date 03-06-2026 10:15 → becomes 3 Jun 2026, 04:45" in text
    assert "ten → becomes – Rate is “ten”, which cannot be read as a number" in text
    work()
    assert batch_records.find_batches(app.ports, kind=None) == []
    assert "No sales yet" in clerk.get("/dashboard").text or not batch_records.find_batches(app.ports)


def test_the_evidence_for_a_contract_is_shown(person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    whole = indian_file(*(indian_sale(str(number), f"{number}00.00") for number in range(1, 10)))
    text = text_of(clerk.get(look_at(clerk, whole)).text)
    assert "IN : all 19 columns of the data source exist and can be read" in text


def test_a_previewed_file_is_loaded_without_another_upload(app: App, person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    place = look_at(clerk, GOOD)
    answer = clerk.post(f"{place}/load", {"contract": "IN"})
    assert answer.status_code == 303, answer.text
    work()
    assert "9 of 10 rows imported; 1 row to fix" in clerk.get(answer.headers["Location"]).text
    (upload,) = batch_records.find_batches(app.ports)
    assert (upload.received_by, upload.file, upload.size) == ("clerk-in", "june.csv", len(GOOD))
    assert list(app.ports.objects.list(STAGING, "sending/")) == []
    assert clerk.get(place).headers["Location"] == answer.headers["Location"]


def test_a_file_that_is_left_out_is_forgotten(app: App, person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    place = look_at(clerk, GOOD)
    assert "june.csv" in clerk.get("/uploads").text
    assert clerk.post(f"{place}/forget").status_code == 303
    assert clerk.get(place).status_code == 404
    assert list(app.ports.objects.list(STAGING, "sending/")) == []
    assert resumable_upload.open_uploads(app.ports, "clerk-in") == []


def test_another_contract_can_be_tried_and_its_mismatch_is_explained(person: People) -> None:
    admin = person(Role.ADMIN)
    place = look_at(admin, GOOD)
    text = text_of(admin.get(f"{place}?contract=UK").text)
    assert "It cannot be imported as UK" in text
    assert "The header does not contain" in text


def test_a_clerk_sees_only_contracts_of_the_own_regions(person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    place = look_at(clerk, GOOD)
    assert ">UK" not in clerk.get(place).text
    assert clerk.get(f"{place}?contract=UK").status_code == 422
    assert clerk.post(f"{place}/load", {"contract": "UK"}).status_code == 422


def test_a_preview_is_visible_to_its_owner_only(person: People) -> None:
    clerk, admin = person(Role.CLERK, "IN"), person(Role.ADMIN)
    place = look_at(clerk, GOOD)
    assert admin.get(place).status_code == 404
    assert admin.post(f"{place}/load", {"contract": "IN"}).status_code == 404
    assert admin.post(f"{place}/forget").status_code == 404


def test_questions_about_an_unknown_file_contain_its_values(person: People) -> None:
    admin = person(Role.ADMIN)
    text = text_of(admin.get(look_at(admin, UNKNOWN, "linz.csv")).text)
    assert "In which order are the dates written?" in text
    assert "day, month, year 03/04/2026 is 3 April 2026" in text
    assert "month, day, year 03/04/2026 is 4 March 2026" in text
    assert "What does each word of Zustand mean for the sale?" in text
    assert "1003 04/05/2026 Graz Tisch" in text
    assert "Save the data source and import" not in text


def test_examples_of_date_orders_are_dates_that_differ_between_them(person: People) -> None:
    admin = person(Role.ADMIN)
    first, *rows = UNKNOWN.splitlines(keepends=True)
    content = first + rows[0].replace(b"03/04/2026", b"01/01/2026") + b"".join(rows[1:])
    page = text_of(admin.get(look_at(admin, content, "linz.csv")).text)
    assert "day, month, year 05/04/2026 is 5 April 2026" in page
    assert "01/01/2026 is" not in page
    assert "that look like “05/04/2026”" in page


def test_answers_are_kept_shown_and_may_be_changed(person: People) -> None:
    admin = person(Role.ADMIN)
    place = look_at(admin, UNKNOWN, "linz.csv")
    answer = admin.post(f"{place}/answers", {"answer.date_order": "DMY"})
    assert answer.status_code == 303
    page = admin.get(place).text
    assert re.search(r'value="DMY" checked', page)
    assert "open questions" in page
    admin.post(f"{place}/answers", {"answer.date_order": "MDY"})
    assert re.search(r'value="MDY" checked', admin.get(place).text)
    refused = admin.post(f"{place}/answers", {"answer.currency": "euros"})
    assert (refused.status_code, "it must have three letters" in refused.text) == (422, True)


def test_answered_questions_become_a_contract_that_reads_this_file_and_the_next(
    app: App, person: People, work: Work
) -> None:
    admin = person(Role.ADMIN)
    place = look_at(admin, UNKNOWN, "linz.csv")
    admin.post(f"{place}/answers", ANSWERS)
    text = text_of(admin.get(place).text)
    assert "All questions are answered" in text
    assert "03/04/2026 → becomes 3 Apr 2026" in text
    assert "3 of 3 rows ready to import" in text_of(summary_of(admin, place))
    assert app.contracts.all().get("linz") is None
    answer = admin.post(f"{place}/save", {"name": "linz"})
    assert answer.status_code == 303, answer.text
    work()
    assert "3 of 3 rows imported" in admin.get(answer.headers["Location"]).text
    saved = yaml.safe_load((app.settings.contracts / "linz.yaml").read_text())
    assert saved["region"] == "Austria"
    assert saved["status"]["words"]["verschollen"] == "cancelled"
    again = UNKNOWN.replace(b"100", b"200")
    assert "Import as linz" in admin.get(look_at(admin, again, "mai.csv")).text


def test_a_wrong_detection_can_be_corrected(app: App, person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    place = look_at(admin, UNKNOWN, "linz.csv")
    admin.post(f"{place}/answers", ANSWERS)
    admin.post(f"{place}/answers", {"becomes.Filiale": "category", "becomes.Artikel": "product_id"})
    text = text_of(admin.get(place).text)
    assert "Category your answer" not in text
    page = admin.get(place).text
    for header, role in (("Filiale", "category"), ("Artikel", "product_id")):
        select = page.partition(f'name="becomes.{header}"')[2].partition("</select>")[0]
        assert f'value="{role}" selected' in select
    admin.post(f"{place}/answers", {"answer.decimal": "."})
    assert "which cannot be read as a number" in text_of(admin.get(place).text)
    admin.post(f"{place}/answers", {"answer.decimal": ""})
    assert "3 of 3 rows ready to import" in text_of(summary_of(admin, place))
    answer = admin.post(f"{place}/save", {"name": "linz"})
    assert answer.status_code == 303, answer.text
    contract = app.contracts.current("linz")
    assert (contract.columns["category"], contract.columns["product_id"]) == ("Filiale", "Artikel")
    assert "store_id" not in contract.columns


def test_an_open_question_keeps_the_contract_from_being_saved(app: App, person: People) -> None:
    admin = person(Role.ADMIN)
    place = look_at(admin, UNKNOWN, "linz.csv")
    answer = admin.post(f"{place}/save", {"name": "linz"})
    assert (answer.status_code, "questions are still open" in answer.text) == (422, True)
    assert "linz" not in app.contracts.names()


@pytest.mark.parametrize("accepted", [True, False])
def test_a_clerk_proposes_and_an_administrator_decides(app: App, person: People, work: Work, accepted: bool) -> None:
    clerk, admin = person(Role.CLERK, "Austria"), person(Role.ADMIN)
    place = look_at(clerk, UNKNOWN, "linz.csv")
    clerk.post(f"{place}/answers", ANSWERS)
    assert "Propose the data source" in summary_of(clerk, place)
    answer = clerk.post(f"{place}/save", {"name": "linz"})
    batch = answer.headers["Location"].rsplit("/", 1)[1]
    work()
    assert "linz" not in app.contracts.names()
    assert "Needs review" in clerk.get(f"/uploads/{batch}").text
    assert clerk.post(f"/uploads/{batch}/accept").status_code == 403
    listed = text_of(admin.get("/uploads/proposals").text)
    assert "linz.csv" in listed
    assert "Date order: day, month, year" in listed
    if accepted:
        assert admin.post(f"/uploads/{batch}/accept").status_code == 303
        work()
        assert "3 of 3 rows imported" in clerk.get(f"/uploads/{batch}").text
        assert app.contracts.current("linz").region == "Austria"
    else:
        assert admin.post(f"/uploads/{batch}/reject", {"reason": "Use the German one"}).status_code == 303
        assert "Use the German one" in clerk.get(f"/uploads/{batch}").text
        assert "linz" not in app.contracts.names()
    assert "No proposed data sources" in admin.get("/uploads/proposals").text


def test_a_clerk_proposes_nothing_for_another_region(app: App, person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    place = look_at(clerk, UNKNOWN, "linz.csv")
    answer = clerk.post(f"{place}/answers", ANSWERS)
    assert (answer.status_code, "Austria is not one of your regions" in answer.text) == (422, True)
    assert batch_records.find_batches(app.ports, kind=None) == []


@pytest.mark.parametrize("role", [Role.ADMIN, Role.CLERK])
def test_a_name_that_only_a_shipped_contract_has_is_free(app: App, person: People, work: Work, role: Role) -> None:
    admin = person(Role.ADMIN)
    sender = admin if role is Role.ADMIN else person(role, "UK")
    place = look_at(sender, UNKNOWN, "shop.csv")
    sender.post(f"{place}/answers", ANSWERS | {"answer.region": "UK"})
    answer = sender.post(f"{place}/save", {"name": "UK"})
    assert answer.status_code == 303, text_of(answer.text)
    work()
    if sender is not admin:
        assert admin.post(f"{answer.headers['Location']}/accept").status_code == 303
        work()
    (read,) = batch_records.find_batches(app.ports, kind=None)
    assert (read.contract, read.contract_version, read.state) == ("UK", 2, "announced")
    assert app.contracts.current("UK").columns["sale_id"] == "Bon"


def test_a_name_that_is_taken_is_not_overwritten(app: App, person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    admin.upload(indian_file(indian_sale("1")))
    work()
    place = look_at(admin, UNKNOWN, "linz.csv")
    admin.post(f"{place}/answers", ANSWERS)
    answer = admin.post(f"{place}/save", {"name": "IN"})
    assert (answer.status_code, "The data source IN already exists" in answer.text) == (422, True)
    assert app.contracts.current("IN").version == 1


def test_an_unreadable_file_is_reported(person: People) -> None:
    admin = person(Role.ADMIN)
    for content in (b"", b"\x00\x01\x02\x03" * 500, b"PK\x03\x04broken"):
        answer = admin.get(look_at(admin, content, "strange.csv"))
        assert answer.status_code == 200
        assert ">Discard</button>" in answer.text


def test_one_sentence_summarizes_how_a_file_is_read(person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    for content, says in (
        (GOOD, "It looks like a file of IN. Nothing is imported until you confirm it."),
        (UNKNOWN, "None of your data sources fits it: 5 questions are open."),
        (b"", "The file is empty"),
    ):
        place = look_at(clerk, content)
        assert says in clerk.get(f"{place}/told").get_json()["says"]


def test_several_files_without_a_script_wait_in_the_list(person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    files = [(BytesIO(GOOD), "june.csv"), (BytesIO(GOOD), "july.csv")]
    assert clerk.post("/uploads/look", {"contract": "", "file": files}).headers["Location"] == "/uploads"
    page = clerk.get("/uploads").text
    assert page.count(">Preview</a>") == 2


def test_the_upload_page_shows_progress_and_result_of_its_files(person: People, work: Work) -> None:
    clerk, anonymous = person(Role.CLERK, "IN"), person(Role.CLERK, "UK")
    batch = clerk.upload(GOOD)
    (upload,) = clerk.get(f"/uploads/progress?batch={batch}").get_json()["uploads"]
    assert (upload["state"], upload["done"], upload["result"]) == ("received", False, "")
    work()
    (upload,) = clerk.get(f"/uploads/progress?batch={batch}&batch=nothing").get_json()["uploads"]
    assert (upload["state"], upload["done"], upload["needs"]) == ("announced", True, True)
    assert upload["result"] == "10 rows: 9 new, 1 to fix"
    assert anonymous.get(f"/uploads/progress?batch={batch}").get_json()["uploads"] == []


def test_sales_that_the_region_has_already_raise_a_question_before_they_count_twice(
    app: App, person: People, work: Work
) -> None:
    admin = person(Role.ADMIN)
    place = look_at(admin, UNKNOWN, "linz.csv")
    admin.post(f"{place}/answers", ANSWERS)
    admin.post(f"{place}/save", {"name": "linz"})
    work()
    rows = ["1001,2026-04-03,Lampe,1024.50", "1002,2026-04-05,Stuhl,179.80", "1003,2026-05-04,Tisch,240.00"]
    copy = "\n".join(["Invoice Number,Order Date,Product Name,Net Amount", *rows, ""]).encode()
    place = look_at(admin, copy, "office.csv")
    bare = place.partition("?")[0]
    admin.post(f"{bare}/answers", {key: value for key, value in ANSWERS.items() if "status" not in key})
    text = text_of(admin.get(bare).text)
    assert "3 of 3 sampled sales look like sales that linz already delivered, such as 1001 on 2026-04-03" in text
    assert "the same sales: they count once" in text
    admin.post(f"{bare}/answers", {"answer.overlap": "same"})
    assert "Load the file with linz instead of a new contract" in text_of(admin.get(bare).text)
    admin.post(f"{bare}/answers", {"answer.overlap": "different"})
    page = admin.get(bare).text
    assert "All questions are answered" in text_of(page)
    assert re.search(r'value="different" checked', page)
