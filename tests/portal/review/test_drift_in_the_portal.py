"""A file with other columns than before: explained, accepted or confirmed; and a replay seen before it is done."""

import yaml
from visitor import HEADER, People, Visitor, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.records import batch_records

FILE = indian_file(*(indian_sale(str(number)) for number in range(1, 4)))
WIDER = "\n".join([f"{HEADER},Mood", f"{indian_sale('9')},good", ""]).encode()


def held(visitor: Visitor, work: Work) -> str:
    visitor.upload(FILE)
    work()
    batch = visitor.upload(WIDER, "july.csv")
    work()
    return batch


def test_a_new_column_is_explained_and_accepting_saves_the_contract(app: App, person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    batch = held(admin, work)
    page = admin.get(f"/uploads/{batch}").text
    assert "New: “Mood”" in page
    assert "Proposed: version 2 of IN" in page
    assert "Mood: listed and kept in extra" in page
    assert admin.post(f"/uploads/{batch}/accept").status_code == 303
    work()
    assert "1 of 1 row imported" in admin.get(f"/uploads/{batch}").text
    assert batch_records.get_batch(app.ports, batch).contract_version == app.contracts.current("IN").version == 2
    assert yaml.safe_load((app.settings.contracts / "IN.yaml").read_text())["extra_columns"] == ["Mood"]


def test_only_an_administrator_accepts_while_a_manager_may_confirm(person: People, work: Work) -> None:
    manager = person(Role.MANAGER, "IN")
    batch = held(manager, work)
    page = manager.get(f"/uploads/{batch}").text
    assert "An administrator can accept it." in page
    assert manager.post(f"/uploads/{batch}/accept").status_code == 403
    assert manager.post(f"/uploads/{batch}/confirm").status_code == 303
    work()
    assert "1 of 1 row imported" in manager.get(f"/uploads/{batch}").text


def test_a_replay_can_be_previewed(app: App, person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    batch = admin.upload(indian_file(*(indian_sale(str(n)) for n in range(1, 9)), indian_sale("9", "ten")))
    work()
    values = {"unit_price": {"ten": "10"}, "net_amount": {"ten": "10"}}
    app.contracts.save(app.contracts.current("IN").model_copy(update={"values": values}), "boss")
    page = admin.get(f"/uploads/{batch}/replay?contract=IN").text
    assert "IN, version 1 → IN, version 2" in page
    assert "800.00" in page
    assert "810.00" in page
    assert len(batch_records.find_batches(app.ports, kind=None)) == 1
    assert "Preview changes" in admin.get(f"/uploads/{batch}").text


def test_a_manager_enters_the_time_of_receipt_of_a_file_from_a_wrong_clock(
    app: App, person: People, work: Work
) -> None:
    manager, clerk = person(Role.MANAGER, "IN"), person(Role.CLERK, "IN")
    batch = manager.upload(FILE)
    work()
    assert "The clock was wrong when the file was received" in manager.get(f"/uploads/{batch}").text
    assert "The clock was wrong" not in clerk.get(f"/uploads/{batch}").text
    received = "2026-01-05T09:30:00"
    assert "2026-01-05T09:30:00+00:00" in manager.get(f"/uploads/{batch}/replay?received={received}").text
    assert manager.get(f"/uploads/{batch}/replay?received=soon").status_code == 422
    for answer in (
        clerk.get(f"/uploads/{batch}/replay?received={received}"),
        clerk.post(f"/uploads/{batch}/replay", {"received": received}),
    ):
        assert answer.status_code == 403
    again = manager.post(f"/uploads/{batch}/replay", {"received": received}).headers["Location"].rpartition("/")[2]
    work()
    assert batch_records.get_batch(app.ports, again).received_date.isoformat() == "2026-01-05"
    assert batch_records.get_batch(app.ports, batch).state == "replayed"


def test_a_replay_that_would_be_refused_offers_no_button(person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    batch = admin.upload(FILE)
    work()
    page = admin.get(f"/uploads/{batch}/replay?contract=UK").text
    assert "The file cannot be imported with this data source: The header does not contain" in page
    assert ">Reprocess</button>" not in page


def test_a_preview_with_a_contract_of_another_region_is_rejected(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    batch = clerk.upload(FILE)
    work()
    assert clerk.get(f"/uploads/{batch}/replay?contract=UK").status_code == 422
    assert clerk.get(f"/uploads/{batch}/replay").status_code == 200


def test_a_file_of_another_contract_can_be_assigned_to_it(person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    batch = admin.upload(FILE, contract="UK")
    work()
    page = admin.get(f"/uploads/{batch}").text
    assert "The file looks like a file of IN" in page
    assert ">Import the file<" not in page
    assert '<option value="IN">' in page
    assert admin.post(f"/uploads/{batch}/confirm", {"contract": "IN"}).status_code == 303
    work()
    assert "3 of 3 rows imported" in admin.get(f"/uploads/{batch}").text
