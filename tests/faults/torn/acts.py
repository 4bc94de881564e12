"""What a company does in one home, through the product: its people, its tills and its worker."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import app_factory
from faults.torn.book import HEAD, REGION, Book, Line, file_of, message_of
from flask.testing import FlaskClient

from tillstream.adapters.local.clock import ManualClock
from tillstream.adapters.local.files.home_folder import OWNER_LOCKS
from tillstream.app import App
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.intake import inbox
from tillstream.model.batch import Batch
from tillstream.operations import reconcile
from tillstream.receipts import original_rows
from tillstream.review import correction_submission
from tillstream.server.worker import Worker
from tillstream.settings import Settings

START = datetime(2026, 1, 6, 8, tzinfo=UTC)
BOSS, CLERK = "admin", "cleo"
SECRET = "correct horse"
CONTRACT = f"""name: shop
region: {REGION}
currency: EUR
columns:
  {{sale_id: number, line_key: line, date: day, store_id: store, product_id: product, quantity: quantity,
    unit_price: price}}
refused_threshold: "0.4"
"""


class Acts:
    """What the company does in one home, through the product."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "live"
        self.clock = ManualClock(START)
        self.book = Book()
        self.token = self.password = ""
        (self.home / "contracts").mkdir(parents=True)
        (self.home / "contracts" / "shop.yaml").write_text(CONTRACT)
        for name in OWNER_LOCKS:
            (self.home / name).touch()
        self.start()

    def start(self) -> None:
        self.app = opened(self.home, self.clock)
        self.ports = self.app.ports
        self.worker = Worker(self.app)

    def stop(self) -> None:
        self.app.close()

    def work(self) -> None:
        """Handle what has arrived, and sweep."""
        self.clock.advance(1)
        self.worker.run_until_idle()
        reconcile.run_sweep(self.ports, self.app.contracts)
        self.worker.run_until_idle()

    def command(self, name: str, /, **options: Any) -> Any:
        return COMMANDS[name](self.app, quiet, **options).data

    def file(self, name: str, text: str) -> str:
        """The path of a file with this text, for a command."""
        path = self.folder / f"{name}.csv"
        path.write_text(text)
        return str(path)

    def upload(self, name: str, lines: list[Line], *broken: str, counts: bool = True) -> Batch:
        data = file_of(lines, *broken)
        if counts:
            self.book.add_file(name, data, lines)
        upload = inbox.receive_file(self.ports, self.app.contracts.pin("shop"), name, io.BytesIO(data), CLERK)
        self.clock.advance(1)
        return upload

    def sell(self, client: FlaskClient, *lines: Line) -> None:
        message = message_of(list(lines))
        assert sent(client, self.token, message) == 202
        self.book.add_sale(lines, message)
        self.clock.advance(1)

    def correct(self, batch: Batch, fixed: list[Line]) -> None:
        """Upload the quarantined rows of a file again, as they should have been."""
        text = b"".join(original_rows.rejected_rows_csv(self.ports, batch.batch_id)).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        for row, line in zip(rows, fixed, strict=True):
            writer.writerow(row | dict(zip(HEAD.split(","), line.cells.split(","), strict=True)))
        data = out.getvalue().encode()
        correction_submission.submit_correction(self.ports, batch.batch_id, "corrected.csv", io.BytesIO(data), CLERK)
        self.book.add(fixed, "corrected.csv")


def opened(home: Path, clock: ManualClock) -> App:
    """The app of a home, as a server of it has one."""
    settings = Settings(home=home, threads=1, samples=False, project="", drop_settle=0)
    return replace(app_factory.build(settings, clock), has_worker=True)


def sent(client: FlaskClient, token: str, message: dict[str, object]) -> int:
    """The status of the answer to a till that sends a sale."""
    head = {"Authorization": f"Bearer {token}"}
    return client.post("/api/sales", json=message, headers=head).status_code
