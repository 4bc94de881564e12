"""Plays a home of which one file is torn: starts, sells, works, sweeps, stops, and does what the product says."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Any

import app_factory
from faults.torn.book import REGION, Book, Counted, Key, Line, message_of
from faults.torn.shop import BOSS, CLERK, Shop, opened, sent
from faults.torn.tears import Tear
from tests.portal.visitor import Visitor

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.app.local import renew
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.domain.errors import NotFound, TillstreamError
from tillstream.people import store_tokens
from tillstream.server.worker import Worker
from tillstream.settings import Settings
from tillstream.workflows.intake import uploads
from tillstream.workflows.operations import ledger_repair, reconcile

LINES = f"SELECT sale_id, line_key, quantity, net_amount FROM sale_lines WHERE region = '{REGION}'"  # noqa: S608
RECEIPTS = """SELECT batch_id, undone_no > 0 AS is_undone, rows_read, rows_new, rows_corrected, rows_duplicate,
    rows_quarantined, rows_ignored FROM receipts ORDER BY batch_id"""
MOST_STEPS = 400
"""Pulls of one turn of the worker; an endless one is found by their count."""
ROUNDS = 4
"""Starts after which what the product says must have helped."""
SOLD, COPIED_AFTER, WORKED_AFTER, TORN_AFTER = 6, 1, (0, 4), 3
"""Sales of a running server; after which its files are copied, its worker works, and a file is torn."""


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


@dataclass
class Result:
    """What came of a torn file. said: sentences of the product. lights: of the end, and where something was amiss."""

    lines: dict[Key, Counted]
    receipts: list[dict[str, Any]]
    is_green: bool
    said: list[str] = field(default_factory=list)
    remedies: list[str] = field(default_factory=list)


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
        self.said: list[str] = []
        self.remedies: list[str] = []
        self.is_open = False
        self.token = shop.token

    # ---- the process

    def start(self) -> None:
        """As `serve` does. Raises `TillstreamError`."""
        app = opened(self.home, self.clock)
        try:
            self.said += [*app.notices, *ledger_repair.run(app.ports, app.contracts).sentences()]
            self.client = app_factory.create_app(app).test_client()
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
        self.tried(self._sweep)
        self.clock.advance(61)
        self.tried(self.worker.run_until_idle)

    def _sweep(self) -> None:
        self.said += reconcile.run(self.app.ports, self.app.contracts, patience=timedelta(0))["repaired"]

    def tried(self, work: Callable[[], object]) -> None:
        """What a thread of the server does; an error that is none of ours is a fault."""
        try:
            work()
        except TillstreamError as error:
            self.said.append(str(error))

    # ---- people and tills

    def tear(self, path: str, tear: Tear) -> None:
        """Tear a file, if it is there and the tear changes it."""
        file, older = self.home / path, self.earlier / path
        if not file.exists() or not tear.fits(file, older):
            raise NothingToTear
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
        """Do what a sentence says. Raises `AssertionError` if it says nothing that one can do."""
        text = str(error)
        self.said.append(text)
        if "rebuild --from-originals" in text:
            self.remedies.append("rebuilt")
            renew(Settings(home=self.home, threads=1, samples=False, project=""))
            # a command has the clock of the machine
            self.clock.advance(max(0.0, (datetime.now(UTC) - self.clock.now()).total_seconds()))
        elif "move the file to another folder" in text:
            self.remedies.append("moved away")
            (name,) = (name for name in ("documents.sqlite", "queue.sqlite") if name in text)
            for path in self.home.glob(f"{name}*"):
                path.unlink()
        elif found := re.search(r"\bshop\.yaml\b", text):
            self.remedies.append("own copy of the contract")
            shutil.copyfile(self.shop.stopped / "contracts" / found[0], self.home / "contracts" / found[0])
        else:
            raise AssertionError(f"no remedy in: {text}")

    def send_again(self) -> None:
        """Tills send their sales again, and people their files, as far as they are missing."""
        missing = self.book.lines.keys() - self.lines().keys()
        if not store_tokens.check(self.app.ports, self.token):
            _, self.token = store_tokens.issue(self.app.ports, REGION, "S1", "front", BOSS)
        for message in self.book.sales.values():
            assert sent(self.client, self.token, message) == 202
        again = False
        for name, (data, keys) in self.book.files.items():
            again = again or bool(keys & missing)
            if again:
                uploads.receive(self.app.ports, self.app.contracts.pin("shop"), name, BytesIO(data), CLERK)
                self.clock.advance(1)
        self.turn()

    # ---- what is seen

    def lines(self) -> dict[Key, Counted]:
        rows = self.app.ports.warehouse.query(LINES).to_pylist()
        counted = {Key(row["sale_id"], row["line_key"]): Counted(row["quantity"], row["net_amount"]) for row in rows}
        assert len(counted) == len(rows), "a line that counts twice"
        return counted

    def receipts(self) -> list[dict[str, Any]]:
        return self.app.ports.warehouse.query(RECEIPTS).to_pylist()

    def is_green(self) -> bool:
        """Whether readiness and the page Status both say that nothing is amiss."""
        ready = self.client.get("/healthz/ready")
        assert ready.status_code in {200, 503}, ready.text
        boss = Visitor(self.app_client())
        page = ""
        if boss.sign_in(BOSS, self.shop.password).status_code == 303:
            shown = boss.get("/status")
            assert shown.status_code in {200, 503}, shown.text
            page = shown.text
        status = COMMANDS["status"](self.app, quiet).data
        assert "batches" in status
        return ready.get_json()["status"] == "ok" and (not page or "Everything is working" in page)

    def app_client(self) -> Any:
        return self.client.application.test_client()


def play(shop: Shop, folder: Path, path: str, tear: Tear, moment: Moment) -> tuple[Torn, Result]:
    """Tear a file of a home at a moment, and follow the product until nothing is left to be done."""
    torn = Torn(shop, folder, moment)
    if moment is Moment.SELLING:
        torn.start()
        for number in range(SOLD):
            if number == COPIED_AFTER:
                torn.earlier = Path(shutil.copytree(torn.home, folder / "earlier"))
            if number == TORN_AFTER:
                torn.tear(path, tear)
            torn.sell(number)
            if number in WORKED_AFTER:
                torn.tried(torn.worker.run_until_idle)
        torn.turn()
        _seen_while_running(torn)
        torn.stop()
    else:
        torn.tear(path, tear)
    for _ in range(ROUNDS):
        try:
            torn.start()
            torn.turn()
            torn.turn()
            return torn, Result(torn.lines(), torn.receipts(), torn.is_green(), torn.said, torn.remedies)
        except TillstreamError as error:
            torn.stop()
            torn.follow(error)
    raise AssertionError(f"what the product said did not help: {torn.said}")


def _seen_while_running(torn: Torn) -> None:
    """A running server never shows a green light over a difference, nor more than was sold."""
    try:
        counted = torn.lines()
    except TillstreamError as error:
        torn.said.append(str(error))
        return
    if counted != torn.book.lines:
        assert not torn.is_green(), f"running: everything is working, without {sorted(torn.book.lines.keys() - counted.keys())}"


def check(torn: Torn, result: Result, fate: Any, before: list[dict[str, Any]]) -> None:
    """What must hold of a result. before: receipts of the home when nothing is torn."""
    expected = torn.book.lines
    more = {key: counted for key, counted in result.lines.items() if counted.quantity > expected.get(key, Counted(0, 0)).quantity}  # type: ignore[arg-type]
    said = " ".join(result.said)
    assert not more or "decisions" in said, f"more than was sold: {more}"
    exact = result.lines == expected
    if not exact:
        missing = sorted(expected.keys() - result.lines.keys())
        assert not result.is_green, f"everything is working, without {missing}; said: {result.said}"
        assert fate == "named", f"not repaired: {missing}; said: {result.said}"
    elif fate != "named":
        kept = {row["batch_id"]: row for row in result.receipts}
        assert [kept.get(row["batch_id"]) for row in before] == before, f"other receipts; said: {result.said}"
    if fate == "harmless":
        assert not result.remedies, result.said
        assert result.is_green, result.said
    if not exact:
        torn.send_again()
        after = torn.lines()
        assert after.keys() - more.keys() == expected.keys(), f"sent again, but without {sorted(expected.keys() - after.keys())}"
    torn.stop()
