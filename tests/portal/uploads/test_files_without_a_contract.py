"""A file that nobody knows the contract of: kept, shown to who may decide, read once somebody says whose it is."""

from visitor import People, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.model.events import INBOX
from tillstream.model.permissions import Role
from tillstream.records import batch_records

FILE = indian_file(*(indian_sale(str(number)) for number in range(1, 4)))


def held(app: App, work: Work) -> str:
    """Two contracts read it equally well, so its rows do not tell whose it is."""
    app.contracts.pin("IN")  # in use, so that it claims files
    app.contracts.save(app.contracts.current("IN").model_copy(update={"name": "IN-web"}), "boss")
    with app.ports.objects.writer(INBOX, "unknown/june.csv") as writer:
        writer.write(FILE)
    work()
    (upload,) = batch_records.find_batches(app.ports)
    return upload.batch_id


def test_its_contract_is_chosen_on_its_page_and_the_file_counts(app: App, person: People, work: Work) -> None:
    batch, admin = held(app, work), person(Role.ADMIN)
    page = admin.get(f"/uploads/{batch}").text
    assert "Choose its data source to read it" in page
    assert '<option value="IN">' in page
    assert "Import the file" not in page
    assert "Reprocess the file" not in page
    assert "no data source yet" in admin.get("/uploads").text
    assert admin.post(f"/uploads/{batch}/confirm", {"contract": "IN"}).status_code == 303
    work()
    page = admin.get(f"/uploads/{batch}").text
    assert ("3 of 3 rows imported" in page, "IN, version" in page) == (True, True)


def test_without_a_contract_it_cannot_be_confirmed_but_it_can_be_rejected(app: App, person: People, work: Work) -> None:
    batch, admin = held(app, work), person(Role.ADMIN)
    answer = admin.post(f"/uploads/{batch}/confirm")
    assert (answer.status_code, "has no contract yet" in answer.text) == (422, True)
    assert admin.post(f"/uploads/{batch}/confirm", {"contract": "nobody's"}).status_code == 422
    assert admin.post(f"/uploads/{batch}/reject").status_code == 303
    assert "The file is discarded" in admin.get(f"/uploads/{batch}").text


def test_it_belongs_to_no_region_and_only_who_sees_all_of_them_sees_it(app: App, person: People, work: Work) -> None:
    batch, manager = held(app, work), person(Role.MANAGER, "IN")
    assert manager.get(f"/uploads/{batch}").status_code == 404
    assert "june.csv" not in manager.get("/uploads").text
