"""The product under simulation: a local home in this process, used as people, tills and the worker use it."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from devtools.simulation.company import HEADERS, Region, Sold, file_bytes
from devtools.simulation.crash_points import Fuse, with_crashes
from devtools.simulation.entries import Difference
from tillstream.app import build
from tillstream.commands import catalogue, stock
from tillstream.intake import inbox
from tillstream.model.batch import STATES_IN_LEDGER, Batch, BatchKind
from tillstream.model.document_json import JsonObject
from tillstream.model.events import TOPIC_SALE_EVENTS, TOPIC_STORE_SALES
from tillstream.operations import reconcile
from tillstream.ports import Clock
from tillstream.ports.bus import Message
from tillstream.ports.warehouse import Row
from tillstream.receipts import original_rows
from tillstream.records import batch_records
from tillstream.review import undo
from tillstream.review.correction_submission import submit_correction
from tillstream.server.worker import Worker
from tillstream.settings import Settings

WHO = "simulation"
LISTENER = "books"
"""The subscription to sale events."""


class Home:
    """A home folder and the app on it. `restart` builds the app again, as after a crash."""

    def __init__(self, folder: Path, regions: Sequence[Region], fuse: Fuse, clock: Clock | None = None) -> None:
        self.folder, self.fuse, self._clock = folder, fuse, clock
        (folder / "contracts").mkdir(parents=True, exist_ok=True)
        for region in regions:
            (folder / "contracts" / f"{region.name}.yaml").write_text(region.contract())
        self._start()

    def _start(self) -> None:
        settings = Settings(home=self.folder, threads=1, samples=False, project="")
        self.plain = build(settings, self._clock, rates=False)
        self.plain.ports.bus.subscribe(TOPIC_SALE_EVENTS, LISTENER)
        self.app = with_crashes(self.plain, self.fuse)
        self.worker = Worker(self.app)

    def close(self) -> None:
        """Release the folder."""
        self.plain.close()

    def restart(self) -> None:
        """Start again after the process has ended, and continue what it left."""
        self.plain.close()
        self._start()
        self.sweep()

    def sweep(self) -> None:
        """Continue stopped work, as the sweep of a server does when it starts."""
        self.worker.run_until_idle()
        reconcile.run_sweep(self.app.ports, self.app.contracts, patience=timedelta(0), delegate=False)
        self.worker.run_until_idle()

    def upload(self, region: Region, rows: Sequence[Sold]) -> Batch:
        """Upload a file of a region."""
        contract = self.app.contracts.pin(region.name)
        stream = io.BytesIO(file_bytes(region, rows))
        return inbox.receive_file(self.app.ports, contract, f"{region.name}.csv", stream, WHO)

    def publish(self, bodies: Sequence[bytes]) -> None:
        """Publish messages of tills."""
        self.app.ports.bus.publish(TOPIC_STORE_SALES, [Message(body) for body in bodies])

    def work(self) -> None:
        """Handle everything that has arrived."""
        self.worker.run_until_idle()

    def undo(self, batch: str) -> None:
        """Undo a file. Raises `Rejected`."""
        undo.undo_batch(self.app.ports, batch, WHO)

    def quarantine(self, batch: str) -> dict[int, dict[str, str]]:
        """Row number → cells of each quarantined row, as in the file that people download."""
        text = b"".join(original_rows.rejected_rows_csv(self.plain.ports, batch)).decode("utf-8-sig")
        return {int(row["_row"]): row for row in csv.DictReader(io.StringIO(text, newline=""))}

    def correct(self, batch: str, region: Region, fixes: Mapping[int, tuple[str, Sold]]) -> Batch:
        """Upload the corrected copy of the quarantined rows. fixes: row → (edit, accept or discard; the row).

        Raises `Rejected`, and `Difference` if a row is not quarantined.
        """
        waiting = self.quarantine(batch)
        if absent := fixes.keys() - waiting.keys():
            seeds = [int(fixes[number][1].store[1:-1]) for number in absent]
            raise Difference("quarantine", f"rows {sorted(absent)} of {batch} are quarantined only in the books", seeds)
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, list(next(iter(waiting.values()), {"_row": ""})))
        writer.writeheader()
        for number, (how, sold) in fixes.items():
            cells: dict[str, str] = waiting[number]
            if how == "edit":
                names = [HEADERS[name] for name in region.columns]
                cells |= dict(zip(names, sold.cells(region.columns), strict=True))
            decision = {"_accept": "yes" * (how == "accept"), "_discard": "no such sale" * (how == "discard")}
            writer.writerow(cells | decision)
        stream = io.BytesIO(out.getvalue().encode())
        return submit_correction(self.app.ports, batch, "corrected.csv", stream, WHO)

    # ---- costs and stock

    def import_catalogue(self, kind: str, text: str) -> None:
        """Import products or costs; a repeated import changes nothing."""
        done = catalogue.import_catalogue(self.app, kind, self._file(text)).data
        if done["problems"]:
            raise ValueError(f"{kind}: {done['problems']}")

    def import_counts(self, day: str, text: str) -> None:
        """Import counts before the opening of a day; a repeated import changes nothing."""
        file = self._file(text)
        done = stock.import_stock(self.app, file, day=day, before_opening=True).data
        if done["refused_rows"]:
            raise ValueError(f"counts: {done}")

    def _file(self, text: str) -> str:
        file = self.folder.parent / "import.csv"
        file.write_text(text + "\n")
        return str(file)

    def stock_levels(self) -> list[Row]:
        """Stock by store and product; computes what is out of date."""
        rows: list[Row] = stock.show_stock(self.plain, limit=1_000_000).data["rows"]
        return rows

    # ---- what the product shows

    def find_batches(self) -> list[Batch]:
        """Records of all batches."""
        return batch_records.find_batches(self.plain.ports, kind=None, limit=None)

    def is_in_ledger(self, batch: str) -> bool:
        """Whether a batch counts."""
        return batch_records.get_batch(self.plain.ports, batch).state in STATES_IN_LEDGER

    def corrections(self, batch: str) -> list[Batch]:
        """Records of the corrections of a file."""
        return batch_records.child_batches(self.plain.ports, batch, BatchKind.CORRECTION)

    def query(self, text: str) -> list[Row]:
        """Rows of a query in GoogleSQL."""
        return list(self.plain.ports.warehouse.query(text).to_pylist())

    def sale_events(self) -> list[JsonObject]:
        """The sale events since the last call; one that was published twice is there twice."""
        events: list[JsonObject] = []
        while deliveries := self.plain.ports.bus.pull(LISTENER, 10_000):
            events += [json.loads(delivery.message.body) for delivery in deliveries]
            self.plain.ports.bus.acknowledge(deliveries)
        return events
