"""Plays a home of which one file is torn: starts, sells, works, sweeps, stops, and does what the product says."""

import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Any

import portal_factory
from faults.torn.acts import BOSS, CLERK, opened, sent
from faults.torn.book import REGION, Book, Counted, Key, Line, message_of
from faults.torn.shop import Shop
from faults.torn.tears import Tear

from tests.portal.visitor import Visitor
from tillstream.adapters.local.clock import ManualClock
from tillstream.commands.dispatch import execute
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.intake import inbox
from tillstream.model.batch import BatchState
from tillstream.model.errors import TillstreamError, Unavailable
from tillstream.operations import ledger_repair, reconcile
from tillstream.people import store_credentials
from tillstream.records import batch_records, losses
from tillstream.records.losses import Resolution
from tillstream.server.worker import Worker
from tillstream.settings import Settings

LINES = f"SELECT sale_id, line_key, quantity, net_amount FROM sale_lines WHERE region = '{REGION}'"
RECEIPTS = """SELECT batch_id, undone_no > 0 AS is_undone, rows_read, rows_new, rows_corrected, rows_duplicate,
    rows_quarantined, rows_ignored FROM receipts ORDER BY batch_id"""
MOST_STEPS = 400
"""Pulls of one turn of the worker; an endless one is found by their count."""
ROUNDS = 4
"""Starts after which what the product says must have helped."""


class Moment(StrEnum):
    """When a file is torn: after an orderly stop, after a kill, or between two sales of a running server."""

    STOPPED = "stopped"
    KILLED = "killed"
    SELLING = "selling"


class NothingToTear(Exception):
    """There is no such file, or the tear does not change it."""


class BoundedWorker(Worker):
    """The worker, which fails where it would go on for ever."""

    steps = 0

    def _handle(self, subscription: str, wait: float) -> int:
        self.steps += 1
        assert self.steps < MOST_STEPS, "the worker is endless"
        return super()._handle(subscription, wait)

    def run_until_idle(self) -> None:
        self.steps = 0
        super().run_until_idle()


class Torn:
    """One home, of which a file is torn at a moment."""

    def __init__(self, shop: Shop, folder: Path, moment: Moment) -> None:
        self.shop = shop
        self.moment = moment
        self.home = folder / "home"
        shutil.copytree(shop.killed if moment is Moment.KILLED else shop.stopped, self.home)
        self.earlier = shop.killed_earlier if moment is Moment.KILLED else shop.stopped_earlier
        self.clock = ManualClock(shop.now + timedelta(hours=3))
        self.book: Book = shop.book.copy()
        self.sentences: list[str] = []
        self.remedies: list[str] = []
        self.is_open = False
        self.token = shop.token

    # ---- the process

    def start(self) -> None:
        """As `serve` does, after an orderly stop. Raises `TillstreamError`."""
        self.stop()
        app = opened(self.home, self.clock)
        try:
            self.sentences += [*app.notices, *ledger_repair.repair_ledger(app.ports, app.contracts).sentences()]
            self.client = portal_factory.create_app(app).test_client()
        except BaseException:
            app.close()
            raise
        self.app, self.is_open = app, True
        self.worker = BoundedWorker(app)

    def stop(self) -> None:
        if self.is_open:
            self.is_open = False
            self.app.close()

    def turn(self) -> None:
        """One turn of the worker, a sweep, another turn; sentences of the product are kept."""
        self.clock.advance(61)
        self.tried(self.worker.run_until_idle)
        self.tried(self.worker.take_dropped)
        self.tried(self.sweep)
        self.clock.advance(61)
        self.tried(self.worker.run_until_idle)

    def sweep(self) -> None:
        if self.app.home:
            self.sentences += self.app.home.run(whole=True)
        self.sentences += reconcile.run_sweep(self.app.ports, self.app.contracts, patience=timedelta(0))["repaired"]

    def raise_broken(self) -> None:
        """Raise what the check of the home says about a file that nothing but a person can mend."""
        for sentence in self.app.home.broken.values() if self.app.home else ():
            if "rebuild --from-originals" in sentence:
                raise Unavailable(sentence)

    def tried(self, work: Callable[[], object]) -> None:
        """What a thread of the server does; an error that is none of ours is a fault."""
        try:
            work()
        except TillstreamError as error:
            self.sentences.append(str(error))

    # ---- people and tills

    def tear(self, tears: Mapping[str, Tear]) -> None:
        """Tear the files that are there and that their tear changes. Raises `NothingToTear` if there are none."""
        fitting = [
            (self.home / path, tear, self.earlier / path)
            for path, tear in tears.items()
            if (self.home / path).exists() and tear.fits(self.home / path, self.earlier / path)
        ]
        if tears and not fitting:
            raise NothingToTear
        for file, tear, older in fitting:
            tear.change(file, older)

    def sell(self, number: int) -> None:
        """A till sends a sale; it counts if the answer is that it is kept."""
        lines = [Line(f"S{number}", "1", "P1", 1 + number % 3, "2.50"), Line(f"S{number}", "2", "P2", 1, "7.00")]
        message = message_of(lines)
        status = sent(self.client, self.token, message)
        assert status in {202, 401, 503}, f"a till that sends a sale is answered {status}"
        if status == 202:
            self.book.add_sale(lines, message)
        self.clock.advance(1)

    def follow(self, error: TillstreamError) -> None:
        """Do what a sentence says, and what is said then. Raises `AssertionError` if it says nothing one can do."""
        for _ in range(ROUNDS):
            self.sentences.append(str(error))
            try:
                self._follow(str(error))
            except TillstreamError as another:
                error = another
            else:
                return

    def _follow(self, text: str) -> None:
        if "rebuild --from-originals" in text:
            self.remedies.append("rebuilt")
            settings = Settings(home=self.home, threads=1, samples=False, project="")
            report = execute(settings, "rebuild", {"originals": True}, quiet).data
            self.sentences += report.get("repaired", [])
            # a command has the clock of the machine
            self.clock.advance(max(0.0, (datetime.now(UTC) - self.clock.now()).total_seconds()))
        elif "move the file to another folder" in text:
            self.remedies.append("moved away")
            (name,) = (name for name in ("documents.sqlite", "queue.sqlite") if name in text)
            for path in self.home.glob(f"{name}*"):
                path.unlink()
        else:
            raise AssertionError(f"no remedy in: {text}")

    def send_again(self) -> None:
        """Tills send their sales again, and people the files that are missing and those after them."""
        if not store_credentials.check_store_token(self.app.ports, self.token):
            _, self.token = store_credentials.issue_store_token(self.app.ports, REGION, "S1", "front", BOSS)
        missing = {self.book.sources[key] for key in self.book.lines.keys() - self.lines().keys()}
        for message in self.book.sales.values():
            assert sent(self.client, self.token, message) == 202
        first = next((place for place, name in enumerate(self.book.files) if name in missing), len(self.book.files))
        for name in list(self.book.files)[first:]:
            contract, data = self.app.contracts.pin("shop"), BytesIO(self.book.files[name])
            inbox.receive_file(self.app.ports, contract, name, data, CLERK)
            self.clock.advance(1)
        self.turn()

    def put_back_edited(self) -> None:
        """People copy their contracts and credentials back."""
        for folder in ("contracts", "secrets"):
            shutil.copytree(self.shop.stopped / folder, self.home / folder, dirs_exist_ok=True)
        self.turn()

    def decide(self) -> None:
        """People note of each loss that what is lost was sent again."""
        for record in losses.open_losses(self.app.ports):
            losses.resolve_loss(self.app.ports, record.id, Resolution.SENT_AGAIN, "", by=BOSS)

    # ---- what is seen

    def lines(self) -> dict[Key, Counted]:
        rows = self.app.ports.warehouse.query(LINES).to_pylist()
        counted = {Key(row["sale_id"], row["line_key"]): Counted(row["quantity"], row["net_amount"]) for row in rows}
        assert len(counted) == len(rows), "a line that counts twice"
        return counted

    def missing(self) -> list[Key]:
        """Acknowledged lines that do not count as they were sent. Raises `AssertionError` if more counts than that."""
        counted = self.lines()
        more = [key for key, one in counted.items() if key not in self.book.lines or one.net > self.book.lines[key].net]
        assert not more or self.is_named("decisions"), f"more than was sold: {more}"
        return sorted(key for key, one in self.book.lines.items() if counted.get(key) != one)

    def lacks(self) -> list[str]:
        """Collections that have fewer records of people's settings than before."""
        counts = {name: self.app.ports.documents.count(name) for name in self.shop.settings}
        return [f"{name}: {count}" for name, count in counts.items() if count < self.shop.settings[name]]

    def named(self) -> str:
        """The losses that are open, as people see them."""
        open_losses = [record.loss for record in losses.open_losses(self.app.ports)]
        unclear = [loss for loss in open_losses if not (loss.name and loss.message and loss.remedy)]
        assert not unclear, f"losses that do not say what to do: {unclear}"
        return " ".join(text for loss in open_losses for text in (loss.name, loss.message, loss.remedy, *loss.stores))

    def held(self) -> set[str]:
        """Files that are held, where people see them and why."""
        return {batch.file for batch in batch_records.find_batches(self.app.ports, state=BatchState.HELD, limit=None)}

    def is_named(self, what: str) -> bool:
        return what in " ".join(self.sentences)

    def receipts(self) -> list[dict[str, Any]]:
        return self.app.ports.warehouse.query(RECEIPTS).to_pylist()

    def is_green(self) -> bool:
        """Whether readiness and the page Status say that nothing is amiss."""
        assert "batches" in COMMANDS["status"](self.app, quiet).data
        ready = portal_factory.readiness(self.client.application)
        assert ready.status_code in {200, 503}, ready.text
        is_ready: bool = ready.get_json()["status"] == "ok"
        if not is_ready or not self.missing():
            return is_ready
        boss = Visitor(self.client.application.test_client())
        if boss.sign_in(BOSS, self.shop.password).status_code != 303:
            return is_ready
        page = boss.get("/status")
        assert page.status_code == 200, page.text
        return "Everything is working" in page.text
