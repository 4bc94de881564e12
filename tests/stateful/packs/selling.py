"""A shop whose micro-batches are packed at any moment, and everything that people are shown about them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from app_factory import build
from stateful.tills.stores import CONTRACT, REGION, payload

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.app.local_recovery import restore_home
from tillstream.intake import quarantined_messages
from tillstream.model.batch import STATES_IN_LEDGER, Batch, BatchKind
from tillstream.model.events import INBOX, TOPIC_STORE_SALES
from tillstream.operations import inbox_upkeep, rebuild, reconcile
from tillstream.ports.bus import Message
from tillstream.receipts import message_outcomes, original_rows, receipt, source_line
from tillstream.receipts.message_outcomes import OutcomePosition, OutcomeReader
from tillstream.records import batch_records
from tillstream.review import undo
from tillstream.server.worker import Worker
from tillstream.settings import Settings

TABLES = {
    "lines": "SELECT * EXCEPT (ingested_at) FROM sale_lines ORDER BY region, sale_id, line_key",
    "receipts": "SELECT batch_id, rows_new, rows_corrected, rows_duplicate, rows_quarantined, removed FROM receipts"
    " ORDER BY batch_id",
    "changes": "SELECT settlement_no, key, kind FROM changes ORDER BY settlement_no, key, kind",
}
ALL = timedelta(0)


@dataclass
class Shop:
    home: Path
    packs: bool
    """Whether the requests to pack are carried out; the twin ignores them."""
    clock: ManualClock = field(default_factory=ManualClock)

    def __post_init__(self) -> None:
        (self.home / "contracts").mkdir(parents=True, exist_ok=True)
        (self.home / "contracts" / f"{REGION}.yaml").write_text(CONTRACT)
        self.start = self.clock.now()
        self.app = self.open_app()

    def open_app(self) -> App:
        return build(self._settings(self.home), self.clock)

    @staticmethod
    def _settings(home: Path) -> Settings:
        return Settings(home=home, threads=1, samples=False, project="")

    def send(self, sales: list[tuple[str, int]], *, text: str = "") -> None:
        """Deliver sales by number and version as one micro-batch, and a text that is no sale."""
        sent = [payload(number, version) | {"schema": "store-sale/1", "region": REGION} for number, version in sales]
        bodies = [json.dumps(sale | {"store_id": "S1"}).encode() for sale in sent] + ([text.encode()] if text else [])
        self.app.ports.bus.publish(TOPIC_STORE_SALES, [Message(body) for body in bodies])

    def work(self) -> None:
        Worker(self.app).run_until_idle()

    def sweep(self) -> None:
        reconcile.resume_interrupted_work(self.app.ports, self.app.contracts, patience=ALL)

    def pack(self) -> None:
        if self.packs:
            inbox_upkeep.pack_micro_batches(self.app.ports, self.app.contracts, ALL)

    def undo(self, which: int) -> None:
        settled = [batch for batch in self.batches() if batch.state in STATES_IN_LEDGER]
        if settled:
            undo.undo_batch(self.app.ports, settled[which % len(settled)].batch_id, "manager")

    def discard(self) -> None:
        """Discard the first quarantined message."""
        for batch in self.batches():
            for message in quarantined_messages.open_messages(self.app.ports, batch)[:1]:
                quarantined_messages.discard_messages(
                    self.app.ports, batch.batch_id, [message.line_number], "no sale", "clerk"
                )
                return

    def tick_to(self, second: int) -> None:
        """Let both twins be at the same time, whatever each of them did."""
        self.clock.advance((self.start + timedelta(seconds=second) - self.clock.now()).total_seconds())

    def batches(self) -> list[Batch]:
        batches = batch_records.find_batches(self.app.ports, kind=BatchKind.STORE_SALES, limit=None)
        return sorted(batches, key=lambda one: one.batch_id)

    def objects(self) -> list[str]:
        return [stored.name for stored in self.app.ports.objects.list(INBOX, "store-sales/")]

    def answers(self) -> dict[str, Any]:
        """All that people are shown about micro-batches."""
        ports = self.app.ports
        outcomes = message_outcomes.read_outcomes(
            ports, OutcomeReader(lambda _: True), OutcomePosition(0, 0, 0), 10_000
        )
        return {
            **{name: ports.warehouse.query(query).to_pylist() for name, query in TABLES.items()},
            "batches": {batch.batch_id: self._about(batch) for batch in self.batches()},
            "outcomes": [{**one, "at": ""} for one in outcomes.outcomes],
        }

    def _about(self, batch: Batch) -> dict[str, Any]:
        ports = self.app.ports
        rows = range(1, (batch.staged.rows_read if batch.staged else 0) + 1)
        return {
            "state": (batch.state, batch.settlement_no, batch.undone_no, batch.generation, batch.object),
            "receipt": receipt.batch_receipt(ports, batch.batch_id)["rows"],
            "rejected": b"".join(original_rows.rejected_rows_csv(ports, batch.batch_id)),
            "quarantine": quarantined_messages.open_messages(ports, batch),
            "source": [source_line.find_row(ports, batch, row) for row in rows],
            "undo": undo.preview_undo(ports, batch.batch_id) if batch.state in STATES_IN_LEDGER else None,
        }

    def differences(self) -> list[str]:
        """What a rebuild says, from the ledger's rows and from the originals."""
        reports = [
            run(self.app.ports, self.app.fresh_warehouse)
            for run in (rebuild.rebuild_from_ledger, rebuild.rebuild_from_originals)
        ]
        return [sentence for report in reports for sentence in (*report["differences"], *report["unread"])]

    @contextmanager
    def restored(self) -> Iterator["Shop"]:
        """The shop of a backup of this one, in another home."""
        assert self.app.backup
        archive, home = self.home.with_suffix(".tar"), self.home.with_suffix(".restored")
        self.app.backup(str(archive), lambda _: None)
        restore_home(self._settings(home), archive, replace=False)
        other = Shop(home, self.packs, self.clock)
        try:
            yield other
        finally:
            other.app.close()
            archive.unlink()
