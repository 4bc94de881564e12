"""The demo's connector: the SQLite database of a web shop, whose orders of the last evening are pulled."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tillstream.app import App
from tillstream.app.source_access import source_access
from tillstream.commands.demo_shop.people import REGION
from tillstream.connectors import due_runs, records
from tillstream.connectors.state import ConnectorDraft
from tillstream.model.batch import Batch
from tillstream.records import batch_records as batches

NAME, STORE, DATABASE = "web-shop", "WEB-IN", "web-shop.db"
COLUMNS = (
    *("Invoice No", "Line", "Invoice Date", "Store", "Salesperson", "Customer Code", "Customer Name", "Item Code"),
    *("Item", "Category", "Channel", "Status", "Qty", "Rate", "Discount", "Taxable Value", "GST", "Invoice Value"),
    "Original Invoice",
)
ORDERS = (
    ("EL-1003", '24" Monitor', "Electronics", 1, "15999.00"),
    ("HK-1003", "Electric Kettle, 1.7 l", "Home & Kitchen", 1, "3299.00"),
    ("BO-1001", "Cookbook", "Books", 2, "2099.00"),
    ("TO-1010", "Chess Set", "Toys", 1, "2499.00"),
    ("GR-1003", "Darjeeling Tea", "Groceries", 6, "749.00"),
)
"""Product, its name and category, quantity, and unit price in rupees; one order each. Their lines are numbered."""
GST = Decimal("0.18")
OrderRow = tuple[str | int, ...]


def add_web_shop(app: App, until: date, load: Callable[[Batch], Any], by: str) -> None:
    """Write the database and connect it, unless there is a connector; run it twice: the second run finds nothing new.

    load: processes one batch.
    """
    if records.find_connectors(app.ports):
        return
    folder = app.settings.sources_folder
    folder.mkdir(exist_ok=True)
    _write(folder / DATABASE, until)
    settings = {"url": f"sqlite:///{folder / DATABASE}", "query": "orders", "cursor_column": "Line"}
    access = source_access(app)
    records.add_connector(app.ports, app.contracts, access, ConnectorDraft(NAME, "sql", settings, REGION), by)
    for batch in due_runs.run_connector(app.ports, app.contracts, access, NAME, by).batches:
        load(batches.get_batch(app.ports, batch))
    due_runs.run_connector(app.ports, app.contracts, access, NAME, by)


def _write(path: Path, until: date) -> None:
    path.unlink(missing_ok=True)
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    values = ", ".join("?" * len(COLUMNS))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"CREATE TABLE orders ({names})")
        connection.executemany(f"INSERT INTO orders VALUES ({values})", _orders(until))


def _orders(until: date) -> Iterator[OrderRow]:
    for number, (product, name, category, units, price) in enumerate(ORDERS, 1):
        at = datetime.combine(until, time(20)) + timedelta(minutes=7 * number)
        net = units * Decimal(price)
        tax = (net * GST).quantize(Decimal("0.01"))
        customer = (f"WEB{number}", f"Web customer {number}")
        what = (product, name, category, "online", "Completed", units, price, "0.00")
        money = (str(net), str(tax), str(net + tax))
        sale = (f"WEB-{until:%Y%m%d}-{number}", number, f"{at:%d-%m-%Y %H:%M}", STORE, "")
        yield (*sale, *customer, *what, *money, "")
