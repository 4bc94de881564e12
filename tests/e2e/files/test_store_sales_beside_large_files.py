"""Store sales do not wait for the large files of other regions, and settling in parts changes no number."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from app_factory import build

from tillstream.app import App
from tillstream.intake import inbox, store_sales
from tillstream.model.batch import Batch, BatchKind, BatchState
from tillstream.people.store_credentials import StoreToken
from tillstream.pipeline.settling import lanes, settle
from tillstream.pipeline.staging import stage
from tillstream.receipts import receipt as receipts
from tillstream.records import batch_records
from tillstream.settings import Settings

CONTRACT = """
name: {name}
region: {name}
currency: EUR
columns: {{sale_id: number, line_key: line, date: day, store_id: store, product_id: product, quantity: quantity,
          unit_price: price}}
"""
HEAD = "number,line,day,store,product,quantity,price\n"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    (tmp_path / "contracts").mkdir()
    for name in ("North", "South"):
        (tmp_path / "contracts" / f"{name}.yaml").write_text(CONTRACT.format(name=name))
    app = build(Settings(home=tmp_path, threads=1))
    yield app
    app.close()


def receive_file(app: App, region: str, *rows: str) -> Batch:
    content = (HEAD + "".join(f"{row}\n" for row in rows)).encode()
    upload = inbox.receive_file(app.ports, app.contracts.pin(region), "file.csv", io.BytesIO(content), "emma")
    return stage.stage(app.ports, upload.batch_id)


def receive_sale(app: App, region: str, number: str, units: str, version: int = 1) -> Batch:
    line = {"line": "1", "product_id": "A", "quantity": units, "unit_price": "2.50"}
    sale = {"schema": "store-sale/1", "region": region, "store_id": "S1", "number": number, "version": version,
            "sold_at": "2026-01-05T12:00:00+01:00", "currency": "EUR", "lines": [line]}  # fmt: skip
    store_sales.publish_unsigned_sale(app.ports, StoreToken("till", region, "S1"), sale)
    (batch,) = store_sales.receive_store_sales(app.ports, app.contracts, 100, 0)
    return stage.stage(app.ports, batch.batch_id)


def receive_much(app: App) -> list[str]:
    """Ids of staged batches of both regions, some of which contain lines of others."""
    batches = [
        receive_file(app, "North", "1,1,2026-01-05,S1,A,1,2.50", "2,1,2026-01-05,S1,A,1,2.50"),
        receive_sale(app, "North", "1", "3"),
        receive_sale(app, "South", "1", "1"),
        receive_file(app, "South", "1,1,2026-01-05,S1,A,2,2.50", "9,1,2026-01-05,S1,A,x,2.50"),
        receive_sale(app, "South", "1", "4", version=2),
        receive_file(app, "North", "2,1,2026-01-05,S1,A,5,2.50", "3,1,2026-01-05,S1,A,1,2.50"),
    ]
    return [batch.batch_id for batch in batches]


def settlement(app: App, batch: Batch) -> int:
    record = batch_records.get_batch(app.ports, batch.batch_id)
    assert record.state is BatchState.SETTLED
    return record.settlement_no


def test_store_sales_are_settled_before_a_large_file_of_another_region(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "SMALL", 2)
    file = receive_file(app, "North", "1,1,2026-01-05,S1,A,1,2.50", "2,1,2026-01-05,S1,A,1,2.50")
    same_region, other_region = receive_sale(app, "North", "1", "3"), receive_sale(app, "South", "1", "1")
    settle.settle_all(app.ports, app.contracts)
    assert settlement(app, other_region) < settlement(app, file) <= settlement(app, same_region)


def test_a_file_is_settled_however_many_store_sales_arrive(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "SMALL", 0)
    file = receive_file(app, "North", "1,1,2026-01-05,S1,A,1,2.50")
    update, arrivals = settle.update_records, iter(range(5))

    def update_and_receive(*arguments: object) -> None:
        update(*arguments)  # type: ignore[arg-type]
        for number in arrivals:
            receive_sale(app, "South", str(number), "1")
            break

    receive_sale(app, "South", "first", "1")
    monkeypatch.setattr(settle, "update_records", update_and_receive)
    settle.settle_all(app.ports, app.contracts)
    assert settlement(app, file) == 2
    assert [batch.kind for batch in batch_records.find_batches(app.ports, state=BatchState.STAGED, kind=None)] == [
        BatchKind.STORE_SALES
    ]


def test_sales_that_are_staged_during_a_settlement_are_left_to_the_next_one(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settlements that each find the sales of the one before would never end, and each costs the same."""
    update, arrived = settle.update_records, []

    def update_and_receive(*arguments: object) -> None:
        update(*arguments)  # type: ignore[arg-type]
        arrived.append(receive_sale(app, "South", str(len(arrived)), "1"))

    receive_sale(app, "South", "first", "1")
    monkeypatch.setattr(settle, "update_records", update_and_receive)
    assert settle.settle_all(app.ports, app.contracts) == [1]
    (first,) = arrived
    assert settle.settle_all(app.ports, app.contracts) == [2]
    assert settlement(app, first) == 2


def test_a_file_that_is_staged_during_a_settlement_of_sales_is_settled_at_once(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    update, files = settle.update_records, []

    def update_and_receive(*arguments: object) -> None:
        update(*arguments)  # type: ignore[arg-type]
        if not files:
            files.append(receive_file(app, "North", "1,1,2026-01-05,S1,A,1,2.50"))

    receive_sale(app, "South", "first", "1")
    monkeypatch.setattr(settle, "update_records", update_and_receive)
    assert settle.settle_all(app.ports, app.contracts) == [1, 2]
    assert settlement(app, files[0]) == 2


def test_a_held_file_does_not_end_the_settling_of_the_others(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "MAX_ROWS", 1)
    rows = "1,1,2026-01-05,S1,A,1,2.50"
    first, same_bytes = receive_file(app, "North", rows), receive_file(app, "South", rows)
    last = receive_file(app, "South", "7,1,2026-01-05,S1,A,1,2.50")
    settle.settle_all(app.ports, app.contracts)
    assert [batch_records.get_batch(app.ports, batch.batch_id).state for batch in (first, same_bytes, last)] == [
        BatchState.SETTLED,
        BatchState.HELD,
        BatchState.SETTLED,
    ]


def test_settling_in_parts_gives_the_same_receipts_and_lines(app: App, tmp_path: Path) -> None:
    together = receive_much(app)
    settle.settle_all(app.ports, app.contracts)
    apart_home = tmp_path / "apart"
    (apart_home / "contracts").mkdir(parents=True)
    for name in ("North", "South"):
        (apart_home / "contracts" / f"{name}.yaml").write_text(CONTRACT.format(name=name))
    other = build(Settings(home=apart_home, threads=1))
    with pytest.MonkeyPatch.context() as limited:
        limited.setattr(lanes, "SMALL", 0)
        limited.setattr(lanes, "MAX_ROWS", 1)
        apart = receive_much(other)
        assert len(settle.settle_all(other.ports, other.contracts)) > 3
    lines = "SELECT region, sale_id, line_key, quantity FROM current_lines ORDER BY 1, 2, 3"
    assert app.ports.warehouse.query(lines) == other.ports.warehouse.query(lines)
    for one, same in zip(together, apart, strict=True):
        assert receipts.batch_receipt(app.ports, one)["rows"] == receipts.batch_receipt(other.ports, same)["rows"]
    other.close()
