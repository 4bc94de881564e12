"""A manager who is bound to a store cannot change the sales of another; somebody who is not bound decides."""

import csv
from io import BytesIO, StringIO

import pytest
from upload_steps import look_at, text_of
from visitor import PASSWORD, People, Visitor, Work

from tillstream.app import App
from tillstream.model.batch import BatchKind
from tillstream.model.contract import parse_contract
from tillstream.model.permissions import Role
from tillstream.people import accounts, store_credentials
from tillstream.records import audit_log, batch_records

CONTRACT = {
    "name": "Shop",
    "region": "Shop",
    "currency": "GBP",
    "columns": {
        "sale_id": "number",
        "date": "day",
        "store_id": "store",
        "product_id": "product",
        "quantity": "quantity",
        "unit_price": "price",
    },
    "identity": {"ids": "region-wide"},
    "refused_threshold": "1",
}
HEADER = "number,day,store,product,quantity,price\n"
MANCHESTER = "1,2026-06-01,MAN1,P1,2,10.00\n"


@pytest.fixture
def boss(app: App, person: People, work: Work) -> Visitor:
    """An administrator of a region whose sale numbers are unique, with a sale of the store MAN1."""
    app.contracts.save(parse_contract(CONTRACT, "Shop"), "boss")
    admin = person(Role.ADMIN)
    admin.upload((HEADER + MANCHESTER).encode(), "first.csv", "Shop")
    work()
    return admin


@pytest.fixture
def manager(app: App, boss: Visitor, anonymous: Visitor) -> Visitor:
    """The manager of LON1."""
    accounts.add_account(app.ports, "lon", "lon", Role.MANAGER, regions=("Shop",), stores=("LON1",), password=PASSWORD)
    assert anonymous.sign_in("lon").status_code == 303
    return anonymous


def stores(app: App) -> list[tuple[str, str]]:
    rows = app.ports.warehouse.query("SELECT sale_id, store_id FROM current_lines ORDER BY sale_id").to_pylist()
    return [(row["sale_id"], row["store_id"]) for row in rows]


def events(app: App) -> list[tuple[str, str]]:
    return [
        (entry.who, entry.what)
        for entry in audit_log.find_entries(app.ports, audit_log.AuditFilter())
        if entry.what.endswith(".not-your-store")
    ]


def test_the_upload_of_a_bound_manager_leaves_the_sales_of_another_store(
    app: App, manager: Visitor, work: Work
) -> None:
    rows = HEADER + "1,2026-06-01,LON1,P1,5,10.00\n2,2026-06-01,LON1,P1,1,10.00\n3,2026-06-01,MAN1,P1,1,10.00\n"
    batch = manager.upload(rows.encode(), "mine.csv", "Shop")
    work()
    assert stores(app) == [("1", "MAN1"), ("2", "LON1")]
    assert events(app) == [("lon", "upload.not-your-store")]
    assert "The sale line belongs to a store whose lines" in manager.get(f"/uploads/{batch}").text


def test_a_refusal_never_names_the_store_that_owns_the_sale_number(
    app: App, manager: Visitor, anonymous: Visitor, work: Work
) -> None:
    """On no page, in no file and in no answer of the API, of an upload and of a till."""
    batch = manager.upload((HEADER + "1,2026-06-01,LON1,P1,5,10.00\n").encode(), "mine.csv", "Shop")
    token = sell_number_one(app, Visitor(manager.client.application.test_client()))
    work()
    shown = [
        *(f"/uploads/{batch}", f"/uploads/{batch}/refused", f"/uploads/{batch}/refused.csv", f"/uploads/{batch}/fix"),
        *(f"/uploads/{batch}/fix/rows", f"/api/v1/uploads/{batch}/receipt", f"/uploads/{batch}/replay", "/uploads"),
        *(f"/waiting/{batch}", "/sales/1?region=Shop", "/search?q=1", "/changes", "/notices"),
        *(f"/uploads/{one.batch_id}" for one in batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES)),
    ]
    answers = [manager.get(path, follow_redirects=True) for path in shown]
    outcomes = Visitor(manager.client.application.test_client()).get(
        "/api/v1/sales/outcomes", headers={"Authorization": f"Bearer {token}"}
    )
    named = [path for path, one in zip(shown, answers, strict=True) if "MAN1" in one.text]
    assert (named, "MAN1" in outcomes.text) == ([], False)
    assert "The sale line belongs to a store whose lines" in outcomes.text


def test_a_row_that_differs_from_a_till_of_another_store_does_not_name_it(
    app: App, boss: Visitor, manager: Visitor, work: Work
) -> None:
    """The file is of somebody who is not bound, but has only rows of the reader's store."""
    sell_number_one(app, Visitor(manager.client.application.test_client()), "MAN1", "9")
    work()
    batch = boss.upload((HEADER + "9,2026-06-02,LON1,P1,7,10.00\n").encode(), "head-office.csv", "Shop")
    work()
    page = manager.get(f"/uploads/{batch}/refused").text
    assert ("reported other values: another store" in page, "MAN1" in page) == (True, False)


def sell_number_one(app: App, till: Visitor, store: str = "LON1", number: str = "1") -> str:
    """Send the sale of a number with the token of a store, which is returned."""
    token = store_credentials.issue_store_token(app.ports, "Shop", store, "front", "boss")[1]
    line = {"product_id": "P1", "quantity": "5", "unit_price": "10.00"}
    sale = {"schema": "store-sale/1", "region": "Shop", "store_id": store, "number": number, "lines": [line]}
    sale |= {"sold_at": "2026-06-02T10:00:00+00:00", "currency": "GBP"}
    answer = till.client.post("/api/sales", json=sale, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 202
    return token


def test_only_a_user_without_stores_accepts_such_a_row(app: App, boss: Visitor, manager: Visitor, work: Work) -> None:
    batch = manager.upload((HEADER + "1,2026-06-01,LON1,P1,5,10.00\n").encode(), "mine.csv", "Shop")
    work()
    grid = f"/uploads/{batch}/fix/rows"
    shown = [visitor.get(grid).get_json()["rows"][0]["acceptable"] for visitor in (manager, boss)]
    assert shown == [False, True]
    for visitor, expected in ((manager, [("1", "MAN1")]), (boss, [("1", "LON1")])):
        text = visitor.get(f"/uploads/{batch}/refused.csv").data.decode("utf-8-sig")
        (row,) = csv.DictReader(StringIO(text))
        out = StringIO()
        writer = csv.DictWriter(out, list(row))
        writer.writeheader()
        writer.writerow(row | {"_accept": "yes"})
        corrected = out.getvalue().encode()
        visitor.post(f"/uploads/{batch}/fix", {"file": (BytesIO(corrected), "refused.csv")})
        work()
        assert stores(app) == expected


def test_a_till_cannot_take_the_sale_of_another_store(app: App, boss: Visitor, anonymous: Visitor, work: Work) -> None:
    sell_number_one(app, anonymous)
    work()
    assert stores(app) == [("1", "MAN1")]
    assert events(app) == [("stores", "sale.not-your-store")]


def test_a_store_that_others_sell_in_is_not_new(manager: Visitor) -> None:
    both = f"{HEADER}2,2026-06-02,MAN1,P1,1,10.00\n3,2026-06-02,YRK1,P1,1,10.00\n"
    page = text_of(manager.get(look_at(manager, both.encode(), contract="Shop")).text)
    assert "MAN1, YRK1 new" in page
