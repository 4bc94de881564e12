"""Line numbers of messages follow the files of the region: the same sale from a till and a file counts once.

Where files have line numbers, a message without them is quarantined as a whole. Where they have none, those of a
message are not used.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_factory import build

from tillstream.app import App
from tillstream.intake import inbox
from tillstream.intake.store_sales import publish_unsigned_sale
from tillstream.model.batch import BatchKind
from tillstream.people.store_credentials import StoreToken
from tillstream.receipts import receipt as receipts
from tillstream.records import batch_records
from tillstream.server.worker import Worker
from tillstream.settings import Settings

CONTRACT = """
name: {name}
region: {name}
dates: {{time_zone: Europe/Berlin}}
currency: EUR
columns: {{sale_id: number, {line_key}date: day, store_id: store, product_id: product, quantity: quantity,
          unit_price: price}}
"""
FILES = {
    "Plain": "number,day,store,product,quantity,price\n1,2026-01-05,S1,A,2,2.50\n1,2026-01-05,S1,A,1,2.50\n",
    "Numbered": "number,line,day,store,product,quantity,price\n"
    "1,1,2026-01-05,S1,A,2,2.50\n1,2,2026-01-05,S1,A,1,2.50\n",
}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    (tmp_path / "contracts").mkdir()
    for name, line_key in (("Plain", ""), ("Numbered", "line_key: line, ")):
        contract = CONTRACT.format(name=name, line_key=line_key)
        (tmp_path / "contracts" / f"{name}.yaml").write_text(contract)
    app = build(Settings(home=tmp_path, threads=1, samples=False))
    yield app
    app.close()


def send(app: App, region: str, *, numbered: bool) -> None:
    """The sale of the file, its lines in another order."""
    lines = [{"line": n, "product_id": "A", "quantity": units, "unit_price": "2.50"} for n, units in ("21", "12")]
    sale: dict[str, Any] = {
        "schema": "store-sale/1", "region": region, "store_id": "S1", "number": "1", "currency": "EUR",
        "sold_at": "2026-01-05T10:00:00+01:00",
        "lines": lines if numbered else [{name: line[name] for name in line if name != "line"} for line in lines],
    }  # fmt: skip
    publish_unsigned_sale(app.ports, StoreToken("till", region, "S1"), sale)
    Worker(app).run_until_idle()


def load(app: App, region: str, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text(FILES[region])
    with path.open("rb") as stream:
        inbox.receive_file(app.ports, app.contracts.pin(region), path.name, stream, "emma")
    Worker(app).run_until_idle()


def units(app: App) -> list[int]:
    rows = app.ports.warehouse.query("SELECT quantity FROM current_lines ORDER BY quantity").to_pylist()
    return [int(row["quantity"]) for row in rows]


def newest(app: App) -> dict[str, Any]:
    return receipts.batch_receipt(
        app.ports, batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES)[0].batch_id
    )


@pytest.mark.parametrize(
    ("region", "numbered", "file_first"),
    [
        ("Plain", True, True),
        ("Plain", False, False),
        ("Numbered", True, True),
        *(
            pytest.param(*one, marks=pytest.mark.long)
            for one in (("Plain", True, False), ("Plain", False, True), ("Numbered", True, False))
        ),
    ],
)
def test_a_sale_counts_once_whether_or_not_the_till_numbers_its_lines(
    app: App, tmp_path: Path, region: str, numbered: bool, file_first: bool
) -> None:
    steps = [lambda: load(app, region, tmp_path), lambda: send(app, region, numbered=numbered)]
    for step in steps if file_first else reversed(steps):
        step()
    assert units(app) == [1, 2]


@pytest.mark.parametrize("file_first", [True, False])
def test_a_till_that_leaves_out_line_numbers_is_quarantined_and_doubles_nothing(
    app: App, tmp_path: Path, file_first: bool
) -> None:
    if file_first:
        load(app, "Numbered", tmp_path)
    send(app, "Numbered", numbered=False)
    assert {one["code"] for one in newest(app)["problems"]} == {"missing-required"}
    if not file_first:
        load(app, "Numbered", tmp_path)
    assert units(app) == [1, 2]
