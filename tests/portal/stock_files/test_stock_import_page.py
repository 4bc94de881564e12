"""Import of stock from a file: preview, recording of all or of the good rows, and the rows with problems."""

from decimal import Decimal
from urllib.parse import urlencode

from shop_steps import People, Shop
from stock_acts import hidden_fields, imported_stock, preview_of_stock

from tillstream.model.permissions import Role
from tillstream.stock import stored_movements

RECORD = "/stock/import/record"


def stored(shop: Shop) -> list[tuple[str, Decimal]]:
    documents = stored_movements.all_movements(shop.app.ports)
    movements = [stored_movements.to_stored_movement(one).movement for one in documents]
    return sorted((one.kind.value, line.quantity) for one in movements for line in one.lines)


def on_hand(shop: Shop) -> list[Decimal]:
    return shop.app.ports.warehouse.query("SELECT on_hand FROM stock_levels").column("on_hand").to_pylist()


def test_a_preview_records_nothing_and_its_form_records_all(shop: Shop) -> None:
    shop.upload()
    page = preview_of_stock(shop.boss, b"MUM01,P1,5\n")
    assert "can be recorded" in page
    assert stored(shop) == []
    shop.boss.post(RECORD, hidden_fields(page, RECORD))
    assert stored(shop) == [("count", Decimal(5))]
    assert on_hand(shop) == [Decimal(5)]


def test_a_file_that_was_recorded_before_changes_nothing(shop: Shop) -> None:
    imported_stock(shop)
    page = preview_of_stock(shop.boss, b"MUM01,P1,5\n")
    assert "This file was recorded before" in page
    shop.boss.post(RECORD, hidden_fields(page, RECORD))
    assert stored(shop) == [("count", Decimal(5))]
    assert "nothing changed" in shop.boss.get("/stock/import").text


def test_rows_with_problems_are_listed_downloaded_and_left_out(shop: Shop) -> None:
    shop.upload()
    page = preview_of_stock(shop.boss, b"MUM01,P1,5\nMUM01,P9,1\n", type="receipt")
    assert "There is no product “P9”." in page
    fields = hidden_fields(page, RECORD)
    assert fields["without"] == "1"
    query = urlencode({name: fields[name] for name in ("preview", "type", "day", "day_part", "store")})
    refused = shop.boss.get(f"/stock/import/refused.csv?{query}")
    assert refused.headers["Content-Disposition"] == "attachment; filename=stock-rows-to-correct.csv"
    assert "MUM01,P9,1,3,product" in refused.text
    assert "MUM01,P1" not in refused.text
    answer = shop.boss.post(RECORD, {name: value for name, value in fields.items() if name != "without"})
    assert (answer.status_code, stored(shop)) == (409, [])
    assert shop.boss.post(RECORD, fields).status_code == 303
    assert stored(shop) == [("receipt", Decimal(5))]


def test_the_choices_are_those_of_rows_without_a_value(shop: Shop) -> None:
    shop.upload()
    page = preview_of_stock(
        shop.boss, b"P1,5\n", b"sku,qty\n", store="IN/MUM01", day="2026-06-20", day_part="before opening"
    )
    shop.boss.post(RECORD, hidden_fields(page, RECORD))
    (movement,) = [
        stored_movements.to_stored_movement(one).movement for one in stored_movements.all_movements(shop.app.ports)
    ]
    assert (movement.region, movement.store_id, str(movement.stock_date)) == ("IN", "MUM01", "2026-06-20")
    assert movement.day_part.value == "before opening"


def test_files_that_cannot_be_read_are_refused_with_words(shop: Shop) -> None:
    assert "The file has no column product" in preview_of_stock(shop.boss, b"1\n", b"qty\n")
    assert "Choose a file first." in shop.boss.post("/stock/import", {}).text
    assert "is in the future" in preview_of_stock(shop.boss, b"MUM01,P1,5\n", day="2027-01-01")
    answer = shop.boss.post(RECORD, {"preview": "0" * 32})
    assert (answer.status_code, "The file is no longer there." in answer.text) == (422, True)


def test_a_manager_of_one_store_imports_only_for_that_store(shop: Shop, person: People) -> None:
    shop.upload()
    own = person(Role.MANAGER, "IN", login="meera", stores=("MUM01",))
    other = person(Role.MANAGER, "IN", login="dev", stores=("DEL01",))
    assert "You cannot change the stock of this store." in preview_of_stock(other, b"MUM01,P1,5\n")
    page = preview_of_stock(own, b"MUM01,P1,5\n")
    fields = hidden_fields(page, RECORD)
    assert other.post(RECORD, fields).status_code == 422
    assert own.post(RECORD, fields).status_code == 303
    assert stored(shop) == [("count", Decimal(5))]
    assert person(Role.CLERK, "IN", login="tara").get("/stock/import").status_code == 403


def test_the_template_has_the_columns(shop: Shop) -> None:
    assert (
        shop.boss.get("/stock/import/template").text.lstrip("\ufeff").startswith("region,store,product,quantity,date")
    )
    assert shop.boss.get("/stock/import/template?format=xlsx").data.startswith(b"PK")
    assert shop.boss.get("/stock/import/template?format=pdf").status_code == 404
