"""The system under test: a real local app in a folder, and a record of its inputs."""

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from stateful.crashes import Fuse, behind
from stateful.model import ModelBatch, ModelRow
from stateful.sources import COUNTED, NUMBERED, Fix, Row, Sale, Source, file_bytes, file_row, message_rows

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App, build
from tillstream.batches import records as batch_records
from tillstream.domain.batch.record import Batch, BatchKind
from tillstream.domain.events import TOPIC_SALE_EVENTS
from tillstream.ports.event_bus import Delivery
from tillstream.receipts import original_rows
from tillstream.server.worker import Worker
from tillstream.settings import Settings
from tillstream.workflows.corrections import submit
from tillstream.workflows.intake import uploads
from tillstream.workflows.operations import reconcile

LISTENER = "proof"
BOX_OFFICE = Source("store-sales")


def as_it_is(app: App) -> App:
    return app


@dataclass
class World:
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
    heard: list[Delivery] = field(default_factory=list)
    furnish: Callable[[App], App] = as_it_is
    """Puts other ports in place of local ones."""
    _app: App | None = None

    def __post_init__(self) -> None:
        (self.home / "contracts").mkdir(parents=True)
        for source in NUMBERED if self.numbered else COUNTED:
            self.teach(source)
        self.start()

    # ---- the process

    def build(self) -> App:
        return build(Settings(home=self.home, threads=1, samples=False), self.clock)

    def start(self) -> None:
        self.plain = self.furnish(self.build())
        self.plain.ports.bus.subscribe(TOPIC_SALE_EVENTS, LISTENER)
        self.app = behind(self.plain, self.fuse)
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
        reconcile.run(self.app.ports, self.app.book, patience=timedelta(0), delegate=bool(self.app.settings.project))
        self.worker.run_until_idle()

    def quiet(self) -> None:
        """As `wait`, and until nothing is redelivered."""
        self.wait()

    def waiting(self) -> list[str]:
        """Queues of ours in which something is left."""
        depths = [depth for depth in self.plain.ports.bus.queue_depths() if depth.subscription != LISTENER]
        return [depth.subscription for depth in depths if depth.ready + depth.delayed + depth.leased]

    def teach(self, source: Source) -> None:
        self.editions[source.name, source.edition] = source
        (self.home / "contracts" / f"{source.name}.yaml").write_text(source.yaml())

    def latest(self) -> list[Source]:
        return [
            self.editions[name, max(e for n, e in self.editions if n == name)]
            for name in dict.fromkeys(n for n, _ in self.editions)
        ]

    def listen(self) -> None:
        while deliveries := self.plain.ports.bus.pull(LISTENER, 1000):
            self.heard += deliveries
            self.plain.ports.bus.acknowledge(deliveries)

    # ---- what people and tills do

    def named(self, sha: str) -> str:
        """A file that is uploaded again has the same name."""
        return f"{sha[:6]}.csv"

    def give(self, source: Source, rows: list[Row], columns: tuple[str, ...]) -> Batch:
        data = file_bytes(rows, columns)
        sha = hashlib.sha256(data).hexdigest()
        self.files[sha] = (rows, columns)
        contract = self.app.book.pin(source.name)
        upload = uploads.receive(self.app.ports, contract, self.named(sha), io.BytesIO(data), "clerk")
        self.promised.append(sha)
        return upload

    def refused(self, batch: str) -> list[dict[str, str]]:
        """The quarantined rows, as in the downloaded file."""
        text = b"".join(original_rows.rejected_rows_csv(self.app.ports, batch)).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def fix(self, batch: str, fixes: list[Fix]) -> Batch:
        """Download the refused rows, edit some of them, and upload them as a correction."""
        waiting = {int(row["_row"]): row for row in self.refused(batch)}
        columns = self.files[batch_records.get(self.app.ports, batch).sha256][1]
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, list(next(iter(waiting.values()))))
        writer.writeheader()
        for each in fixes:
            cells = dict(zip(self.header(columns), each.row.cells(columns), strict=False))
            accept, discard = "yes" * (each.how == "accept"), "no such sale" * (each.how == "discard")
            writer.writerow(waiting[each.number] | cells | {"_accept": accept, "_discard": discard})
        for earlier in batch_records.children(self.app.ports, batch, BatchKind.CORRECTION):
            self.fixes_in(earlier)
        self.last_correction[batch] = fixes
        return submit.submit_correction(
            self.app.ports, batch, "corrected.csv", io.BytesIO(out.getvalue().encode()), "clerk"
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
        corrections = batch_records.children(self.app.ports, upload.batch_id, BatchKind.CORRECTION) if own else []
        while upload.parent:
            upload = batch_records.get(self.app.ports, upload.parent)
            corrections = [*batch_records.children(self.app.ports, upload.batch_id, BatchKind.CORRECTION), *corrections]
        return corrections

    def tellings(self, sent: Counter[str]) -> Counter[str]:
        """How often each message must be stored, by how often it was sent."""
        return sent

    # ---- what the model must hear

    def batches(self) -> dict[str, tuple[Batch, ModelBatch]]:
        """Every batch that there is a record of, as the model's batch."""
        records = batch_records.find(self.plain.ports, kind=None, limit=None)
        return {record.batch_id: (record, self._batch(record)) for record in records}

    def _batch(self, record: Batch) -> ModelBatch:
        source = self.editions.get((record.contract, record.contract_version), BOX_OFFICE)
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
        )

    def _rows(self, record: Batch, source: Source) -> Iterator[ModelRow]:
        if record.kind == "messages":
            with self.plain.ports.objects.open(record.bucket, record.object, record.generation) as stream:
                envelopes = [json.loads(line) for line in stream.read().splitlines()]
            row = 1
            for envelope in envelopes:
                lines = message_rows(self.sales[envelope["message"]], row, envelope["sequence"], source)
                row += len(lines)
                yield from lines
            return
        if record.kind == "correction":
            parent = batch_records.get(self.plain.ports, record.parent)
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
def living(
    home: Path, *, numbered: bool, furnish: Callable[[App], App] = as_it_is, kind: type[World] = World
) -> Iterator[World]:
    world = kind(home, numbered, furnish=furnish)
    try:
        yield world
    finally:
        world.stop()
