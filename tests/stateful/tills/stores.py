"""A company with two stores: real tills and their outboxes, the sale form, files, forgeries, and a worker that dies."""

import json
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

from app_factory import build
from portal_factory import create_app
from stateful.crashes import Crash, Fuse, with_crashes
from till_lines import Line, connected, set_up

from tillstream.adapters.local.clock import ManualClock
from tillstream.intake import inbox, sale_form
from tillstream.model.batch import STATES_IN_LEDGER, Batch, BatchKind, BatchState
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.model.messages import LONG_AGO
from tillstream.model.people import UNRESTRICTED
from tillstream.operations import reconcile
from tillstream.people import signatures, store_credentials
from tillstream.ports.bus import Message
from tillstream.records import batch_originals, batch_records
from tillstream.review import undo
from tillstream.server.worker import Worker
from tillstream.settings import Settings
from tillstream_till import Till

REGION, STORES, DAY = "Testland", ("S1", "S2"), "2026-11-20"
OPENING = datetime(2026, 11, 20, 10, tzinfo=UTC)
"""When the schedule begins, and the time of all sales."""
CONTRACT = f"""\
name: {REGION}
region: {REGION}
version: 1
currency: EUR
columns: {{sale_id: No, line_key: Line, store_id: Store, date: Day, product_id: Product, net_amount: Net}}
dates: {{formats: ["%Y-%m-%d"]}}
refused_threshold: "1"
"""
HEADER = "No,Line,Store,Day,Product,Net"
FORGED = Decimal(100_000)
Sale = tuple[str, str]
"""Store and number."""


class Countdown(Fuse):
    """Dies at the n-th step from now on; 0: never."""

    steps = 0

    def passes(self, step: str, when: str) -> None:
        self.steps -= 1
        if self.steps == 0:
            raise Crash(f"{when} {step}")


def amount(number: str, version: int) -> Decimal:
    """A sale's amount follows from its number and version, so that a repetition is the same sale."""
    return Decimal(int(number.rpartition("-")[2]) * 10 + version)


def payload(number: str, version: int, net: Decimal | None = None) -> dict[str, Any]:
    line = {"line": "1", "product_id": f"P{number}", "net_amount": str(net or amount(number, version))}
    sold_at = f"{DAY}T10:00:00+00:00"
    return {
        "number": number,
        **({"version": version} if version else {}),
        "sold_at": sold_at,
        "currency": "EUR",
        "lines": [line],
    }


@dataclass
class Company:
    home: Path
    clock: ManualClock = field(default_factory=lambda: ManualClock(OPENING))
    fuse: Countdown = field(default_factory=Countdown)
    recorded: set[tuple[str, str, int]] = field(default_factory=set)
    """(store, number, version) of every sale that was acknowledged by the server or recorded by the form."""
    files: dict[str, dict[Sale, Decimal]] = field(default_factory=dict)
    """Batch → the sales of a file that counted, or equalled what counted, when it was settled."""
    tills: list[Till] = field(default_factory=list)
    backup: Path | None = None

    def __post_init__(self) -> None:
        (self.home / "app" / "contracts").mkdir(parents=True)
        (self.home / "app" / "contracts" / f"{REGION}.yaml").write_text(CONTRACT)
        self.start()
        for store in STORES:
            code = store_credentials.connect_till(
                self.app.ports, "http://127.0.0.1", REGION, store, "front", "boss"
            ).code
            self.tills.append(set_up(self.home / "tills" / store, code, self.line))

    def start(self) -> None:
        self.app = build(Settings(home=self.home / "app", threads=1, samples=False), self.clock)
        self.line = Line(create_app(self.app))
        for till in self.tills:
            connected(till, self.line)

    def work(self, dies_after: int = 0) -> None:
        """Run the worker until it is idle, or dies at a step; then the process starts again."""
        self.fuse.steps = dies_after
        try:
            Worker(with_crashes(self.app, self.fuse)).run_until_idle()
        except Crash:
            self.app.close()
            self.clock.advance(7200)
            self.start()
        self.fuse.steps = 0

    def settle(self) -> None:
        """Until nothing is left to do."""
        for _ in range(2):
            self.clock.advance(7200)
            self.work()
            reconcile.resume_interrupted_work(self.app.ports, self.app.contracts)

    # ---- tills

    def copy_till(self, which: int) -> None:
        source = self.tills[which % len(self.tills)]
        target = self.home / "tills" / f"copy{len(self.tills)}"
        shutil.copytree(source.folder, target)
        self.tills.append(connected(Till.open(target, markers=self.home / "tills" / "markers"), self.line))

    def back_up(self) -> None:
        self.backup = self.home / "backup"
        shutil.copy(self.tills[0].folder / "outbox.sqlite", self.backup)

    def restore(self) -> None:
        """Put the copy of the first till's outbox back."""
        assert self.backup
        shutil.copy(self.backup, self.home / "restored")
        (self.home / "restored").replace(self.tills[0].folder / "outbox.sqlite")

    def kill(self, which: int) -> None:
        """A till that was not closed is opened again."""
        place = which % len(self.tills)
        folder = self.tills[place].folder
        self.tills[place].close()
        self.tills[place] = connected(Till.open(folder, markers=self.home / "tills" / "markers"), self.line)

    # ---- other senders

    def enter(self, store: str, number: str) -> None:
        sale = payload(number, 0) | {"schema": "store-sale/1", "region": REGION, "store_id": store, "source": "form"}
        if self.clock.now() - OPENING < LONG_AGO:
            sale_form.enter_sale(self.app.ports, "clerk", UNRESTRICTED, sale, sale_form.NoSaleLedger())
            self.recorded.add((store, number, 0))

    def forge(self, store: str, number: str, how: str) -> None:
        """A message that the store did not send, with a high version and amount."""
        sale = payload(number, 9, FORGED) | {"schema": "store-sale/1", "region": REGION, "store_id": store}
        body = json.dumps(sale).encode()
        attributes = {"region": REGION, "store_id": store}
        if how != "unsigned":
            other = next(one for one in self.tills if (one.setup.store_id == store) == (how == "altered"))
            signed = body + b" " if how == "altered" else body
            signature = signatures.sign_payload(other.setup.private_key, signed)
            attributes |= {"key": other.setup.key, "till": "front", "signature": signature}
        self.app.ports.bus.publish(TOPIC_STORE_SALES, [Message(body, attributes)])

    def upload(self, sales: dict[Sale, Decimal]) -> None:
        """A file with sales of tills, and one of its own; it is judged by what counts when it is settled."""
        self.settle()
        current = self.counted()
        of_tills = {sale for sale in current if sale in self._of_tills()}
        sales = sales | {("S1", f"9{len(self.files):03}"): Decimal(len(self.files) + 1)}
        rows = [f"{number},1,{store},{DAY},P{number},{net}" for (store, number), net in sales.items()]
        contract = self.app.contracts.pin(REGION)
        content = BytesIO("\n".join([HEADER, *rows, ""]).encode())
        batch = inbox.receive_file(self.app.ports, contract, f"day{len(self.files)}.csv", content, "clerk")
        self.files[batch.batch_id] = {
            sale: net for sale, net in sales.items() if sale not in of_tills or current[sale] == net
        }
        self.work()
        assert batch_records.get_batch(self.app.ports, batch.batch_id).state in STATES_IN_LEDGER

    def undo(self, which: int) -> None:
        settled = [batch for batch in self._batches() if batch.state in STATES_IN_LEDGER]
        if settled:
            undo.undo_batch(self.app.ports, settled[which % len(settled)].batch_id, "manager")

    # ---- what must hold

    def _batches(self) -> list[Batch]:
        kept = [*batch_records.find_batches(self.app.ports, kind=BatchKind.STORE_SALES, limit=None)]
        kept += [batch_records.get_batch(self.app.ports, batch) for batch in self.files]
        return sorted(kept, key=lambda one: (one.received_seq, one.batch_id))

    def messages(self, *, undone: bool) -> dict[tuple[str, str, int], Decimal]:
        """Every genuine sale in the stored originals; undone: also those of undone micro-batches."""
        sales = {}
        for batch in batch_records.find_batches(self.app.ports, kind=BatchKind.STORE_SALES, limit=None):
            if batch.state is BatchState.UNDONE and not undone:
                continue
            with batch_originals.open_original(self.app.ports, batch) as stream:
                envelopes = [json.loads(line) for line in stream.read().splitlines()]
            for sale in (json.loads(one["message"]) for one in envelopes if not one.get("unverified")):
                key = sale["store_id"], sale["number"], sale.get("version", 0)
                sales[key] = Decimal(sale["lines"][0]["net_amount"])
        return sales

    def _of_tills(self) -> set[Sale]:
        return {(store, number) for store, number, _ in self.messages(undone=False)}

    def counted(self) -> dict[Sale, Decimal]:
        """What must count: the last file's amount of a sale, unless a till or the form sent it; then its last one."""
        counted: dict[Sale, Decimal] = {}
        for batch in self._batches():
            if batch.batch_id in self.files and batch.state is not BatchState.UNDONE:
                counted |= self.files[batch.batch_id]
        for (store, number, _), net in sorted(self.messages(undone=False).items(), key=lambda one: one[0][2]):
            counted[store, number] = net
        return counted

    def stored(self) -> dict[Sale, Decimal]:
        rows = self.app.ports.warehouse.query("SELECT sale_id, net_amount FROM sale_lines").to_pylist()
        assert len(rows) == len({row["sale_id"] for row in rows}), "a sale counts twice"
        return {(store, number): row["net_amount"] for row in rows for store, number in [row["sale_id"].split("/")]}

    def keys_of(self, store: str) -> int:
        return len(store_credentials.keys_of_store(self.app.ports, REGION, store).keys)

    def close(self) -> None:
        for till in self.tills:
            till.close()
        self.app.close()
