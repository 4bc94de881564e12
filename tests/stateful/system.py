"""The system under test: a real local app in a folder, and a record of its inputs."""

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from random import Random

from app_factory import copy_template, with_copied_warehouses
from stateful.crashes import Fuse, with_crashes
from stateful.model_batches import ModelBatch, ModelRow
from stateful.sources import COUNTED, NUMBERED, REGION, Fix, Row, Sale, Source, file_bytes, file_row, message_rows

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App, build
from tillstream.intake import inbox
from tillstream.model.batch import Batch, BatchKind
from tillstream.model.events import TOPIC_SALE_EVENTS
from tillstream.model.people import narrow_stores
from tillstream.operations import reconcile
from tillstream.ports.bus import Delivery
from tillstream.receipts import original_rows
from tillstream.records import batch_originals, batch_records
from tillstream.review import correction_submission
from tillstream.server.worker import Worker
from tillstream.settings import Settings

LISTENER = "proof"
STORE_SALES = Source("store-sales")
BOUND = (("S1",), ("S2",), ("S1", "S3"))
"""Stores to which writers are bound."""


def unchanged(app: App) -> App:
    return app


@dataclass
class System:
    home: Path
    numbered: bool
    fuse: Fuse = field(default_factory=Fuse)
    clock: ManualClock = field(default_factory=ManualClock)
    files: dict[str, tuple[list[Row], tuple[str, ...]]] = field(default_factory=dict)
    """sha256 → rows and columns of every uploaded file."""
    corrections: dict[str, list[Fix]] = field(default_factory=dict)
    """sha256 of a stored correction → its fixes."""
    last_correction: dict[str, list[Fix]] = field(default_factory=dict)
    """batch → the fixes of its last correction."""
    sales: dict[str, Sale] = field(default_factory=dict)
    """text → every sent message."""
    promised: list[str] = field(default_factory=list)
    """sha256 of files and texts of messages that were acknowledged to their sender."""
    editions: dict[tuple[str, int], Source] = field(default_factory=dict)
    received_events: list[Delivery] = field(default_factory=list)
    replace_ports: Callable[[App], App] = unchanged
    """Puts other ports in place of local ones."""
    wide: bool = False
    """Whether sale numbers are unique in the region."""
    people: Random | None = None
    """Draws the stores to which writers are bound; None: nobody is bound."""
    _app: App | None = None

    def __post_init__(self) -> None:
        (self.home / "contracts").mkdir(parents=True)
        for source in NUMBERED if self.numbered else COUNTED:
            self.add_contract(replace(source, wide=self.wide))
        copy_template(self._local_settings(), self.clock)
        self.start()

    # ---- the process

    def build(self) -> App:
        return with_copied_warehouses(build(self._local_settings(), self.clock))

    def _local_settings(self) -> Settings:
        return Settings(home=self.home, threads=1, samples=False)

    def start(self) -> None:
        self.plain = self.replace_ports(self.build())
        self.plain.ports.bus.subscribe(TOPIC_SALE_EVENTS, LISTENER)
        self.app = with_crashes(self.plain, self.fuse)
        self.worker = Worker(self.app)

    def stop(self) -> None:
        self.plain.close()

    def restart(self) -> None:
        self.stop()
        self.clock.advance(7200)
        self.start()

    def wait(self) -> None:
        """Run until idle: all events are handled, and stopped batches are continued."""
        self.clock.advance(1)
        self.worker.run_until_idle()
        reconcile.run_sweep(
            self.app.ports, self.app.contracts, patience=timedelta(0), delegate=bool(self.app.settings.project)
        )
        self.worker.run_until_idle()

    def wait_until_quiet(self) -> None:
        """As `wait`, and until nothing is redelivered."""
        self.wait()

    def waiting(self) -> list[str]:
        """Queues of ours in which something is left."""
        depths = [depth for depth in self.plain.ports.bus.queue_depths() if depth.subscription != LISTENER]
        return [depth.subscription for depth in depths if depth.ready + depth.delayed + depth.leased]

    def add_contract(self, source: Source) -> None:
        self.editions[source.name, source.edition] = source
        (self.home / "contracts" / f"{source.name}.yaml").write_text(source.yaml())

    def latest(self) -> list[Source]:
        return [
            self.editions[name, max(e for n, e in self.editions if n == name)]
            for name in dict.fromkeys(n for n, _ in self.editions)
        ]

    def listen(self) -> None:
        while deliveries := self.plain.ports.bus.pull(LISTENER, 1000):
            self.received_events += deliveries
            self.plain.ports.bus.acknowledge(deliveries)

    # ---- uploads and corrections

    def file_name(self, sha: str) -> str:
        """A file that is uploaded again has the same name."""
        return f"{sha[:6]}.csv"

    def writer(self) -> tuple[str, ...] | None:
        """The stores to which the next person is bound; None: not bound."""
        return self.people.choice(BOUND) if self.people and self.people.random() < 0.4 else None

    def attributes(self, sale: Sale) -> dict[str, str]:
        """The attributes of a message: a store token's name its store, which is nearly always that of the sale."""
        if self.people is None or self.people.random() < 0.4:
            return {}
        store = self.people.choice(("S1", "S2")) if self.people.random() < 0.1 else sale.store
        return {"region": REGION, "store_id": store}

    def upload(
        self, source: Source, rows: list[Row], columns: tuple[str, ...], stores: tuple[str, ...] | None = None
    ) -> Batch:
        data = file_bytes(rows, columns)
        sha = hashlib.sha256(data).hexdigest()
        self.files[sha] = (rows, columns)
        contract = self.app.contracts.pin(source.name)
        upload = inbox.receive_file(
            self.app.ports, contract, self.file_name(sha), io.BytesIO(data), "clerk", stores=stores
        )
        self.promised.append(sha)
        return upload

    def rejected_rows(self, batch: str) -> list[dict[str, str]]:
        """The quarantined rows, as in the downloaded file."""
        text = b"".join(original_rows.rejected_rows_csv(self.app.ports, batch)).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def fix(self, batch: str, fixes: list[Fix], stores: tuple[str, ...] | None = None) -> Batch:
        """Download the refused rows, edit some of them, and upload them as a correction."""
        waiting = {int(row["_row"]): row for row in self.rejected_rows(batch)}
        columns = self.files[batch_records.get_batch(self.app.ports, batch).sha256][1]
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, list(next(iter(waiting.values()))))
        writer.writeheader()
        for each in fixes:
            cells = dict(zip(self.header(columns), each.row.cells(columns), strict=False))
            accept, discard = "yes" * (each.how == "accept"), "no such sale" * (each.how == "discard")
            writer.writerow(waiting[each.number] | cells | {"_accept": accept, "_discard": discard})
        for earlier in batch_records.child_batches(self.app.ports, batch, BatchKind.CORRECTION):
            self.fixes_in(earlier)
        self.last_correction[batch] = fixes
        return correction_submission.submit_correction(
            self.app.ports, batch, "corrected.csv", io.BytesIO(out.getvalue().encode()), "clerk", stores=stores
        )

    def fixes_in(self, correction: Batch) -> list[Fix]:
        """The fixes of a correction. It is stored in canonical form, so new bytes are those of the last correction."""
        return self.corrections.setdefault(correction.sha256, self.last_correction[correction.parent])

    def header(self, columns: tuple[str, ...]) -> list[str]:
        return file_bytes([], columns).decode().strip().split(",")

    def row_now(self, upload: Batch, number: int) -> Row:
        """The current version of the row."""
        rows, _ = self.files[upload.sha256]
        row = rows[number - 1]
        for correction in self.fixes_of(upload, own=True):
            row = next((each.row for each in self.fixes_in(correction) if each.number == number), row)
        return row

    def fixes_of(self, upload: Batch, *, own: bool) -> list[Batch]:
        """The corrections of the batches before a replay, and of itself, oldest first."""
        corrections = batch_records.child_batches(self.app.ports, upload.batch_id, BatchKind.CORRECTION) if own else []
        while upload.parent:
            upload = batch_records.get_batch(self.app.ports, upload.parent)
            corrections = [
                *batch_records.child_batches(self.app.ports, upload.batch_id, BatchKind.CORRECTION),
                *corrections,
            ]
        return corrections

    def expected_messages(self, sent: Counter[str]) -> Counter[str]:
        """How often each message must be stored, by how often it was sent."""
        return sent

    # ---- the inputs of the model

    def batches(self) -> dict[str, tuple[Batch, ModelBatch]]:
        """Every batch that there is a record of, as the model's batch."""
        records = batch_records.find_batches(self.plain.ports, kind=None, limit=None)
        return {record.batch_id: (record, self._batch(record)) for record in records}

    def _batch(self, record: Batch) -> ModelBatch:
        source = self.editions.get((record.contract, record.contract_version), STORE_SALES)
        return ModelBatch(
            record.batch_id,
            record.kind,
            record.contract,
            record.contract_version,
            record.received_seq,
            list(self._rows(record, source)),
            record.sha256,
            "sale" if record.kind == "messages" else source.replaces,
            source.rules,
            record.as_new,
            record.parent,
            record.fix_number,
            {number: frozenset(stores) for number, stores in self._writers(record).items() if stores is not None},
        )

    def _writers(self, record: Batch) -> dict[int, tuple[str, ...] | None]:
        writers = {record.fix_number: record.stores}
        if record.kind == "replay":
            included = [fix.stores for fix in self.fixes_of(record, own=False)]
            writers |= {n: narrow_stores(stores, record.replayer_stores) for n, stores in enumerate(included, 1)}
        return writers

    def _rows(self, record: Batch, source: Source) -> Iterator[ModelRow]:
        if record.kind == "messages":
            with batch_originals.open_original(self.plain.ports, record) as stream:
                envelopes = [json.loads(line) for line in stream.read().splitlines()]
            row = 1
            for envelope in envelopes:
                sale, sender = self.sales[envelope["message"]], envelope.get("store")
                lines = message_rows(sale, row, envelope["sequence"], source, sender)
                row += len(lines)
                yield from lines
            return
        if record.kind == "correction":
            parent = batch_records.get_batch(self.plain.ports, record.parent)
            yield from self._corrected(record, source, self.files[parent.sha256][1], record.fix_number)
            return
        rows, columns = self.files[record.sha256]
        rewritten: dict[int, ModelRow] = {}
        for fix_number, correction in enumerate(self.fixes_of(record, own=False), 1):
            for line in self._corrected(correction, source, columns, fix_number):
                rewritten[line.number] = line
        for number, row in enumerate(rows, 1):
            if row.fault != "blank":
                yield rewritten.get(number) or file_row(row, number, source, columns)

    def _corrected(
        self, correction: Batch, source: Source, columns: tuple[str, ...], number: int
    ) -> Iterator[ModelRow]:
        for each in self.fixes_in(correction):
            if each.how == "discard":
                yield ModelRow(each.number, discarded=True, fix=number)
            else:
                yield file_row(each.row, each.number, source, columns, fix=number, accepted=each.how == "accept")

    def blank(self, record: Batch) -> int:
        return sum(row.fault == "blank" for row in self.files[record.sha256][0]) if record.sha256 in self.files else 0


@contextmanager
def running_system(
    home: Path,
    *,
    numbered: bool,
    replace_ports: Callable[[App], App] = unchanged,
    kind: type[System] = System,
    wide: bool = False,
    people: Random | None = None,
) -> Iterator[System]:
    system = kind(home, numbered, replace_ports=replace_ports, wide=wide, people=people)
    try:
        yield system
    finally:
        system.stop()
