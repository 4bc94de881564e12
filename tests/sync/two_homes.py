"""A home and a head office in one process, with a connection between them that fails."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import app_factory
import portal_factory
from flask import Flask
from stateful.system import System, running_system
from threads import close_server, join_thread
from waitress.server import create_server

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.errors import Conflict, Unavailable
from tillstream.settings import Settings
from tillstream.stock import movement_mirror, stored_movements
from tillstream.stock import movements as stock_movements
from tillstream.stock.movements import Movement, MovementKind
from tillstream.stock.stored_movements import StoredMovement
from tillstream.sync import exchange, home_identity, homes, sync_status
from tillstream.sync.exchange import SyncResult
from tillstream.sync.head_office import HeadOffice, LocalOffice, SyncHello
from tillstream.sync.http.remote_office import RemoteOffice
from tillstream.sync.journal import JournalPosition, Parcel, SentBatch
from tillstream.sync.reference_entries import ReferenceChange, ReferencePage, SavedChange
from tillstream.sync.reference_exchange import ReferenceState
from tillstream.sync.refusals import Refused
from tillstream.sync.undo_requests import UndoRequest

NAME = "berlin-1"
SOURCE = "Testland"
LINES = "SELECT key, content FROM current_lines"
Answer = TypeVar("Answer")


@dataclass
class Unsteady:
    """An office whose connection breaks before a call or after it, repeats calls, and delivers old ones again."""

    office: HeadOffice
    rng: Random
    failures: float = 0.3
    old: list[Parcel] = field(default_factory=list)

    def _call(self, call: Callable[[], Answer]) -> Answer:
        drawn = self.rng.random()
        if drawn < self.failures / 2:
            raise Unavailable("The connection broke before the request.")
        answer = call()
        if drawn < self.failures:
            raise Unavailable("The connection broke before the answer.")
        return call() if drawn > 1 - self.failures / 2 else answer

    def hello(self, hello: SyncHello) -> JournalPosition:
        return self._call(lambda: self.office.hello(hello))

    def missing(self, batches: Sequence[SentBatch]) -> Mapping[str, int]:
        return self._call(lambda: self.office.missing(batches))

    def add_part(self, sha256: str, offset: int, data: bytes) -> int:
        return self._call(lambda: self.office.add_part(sha256, offset, data))

    def apply(self, parcel: Parcel) -> JournalPosition:
        self.old.append(parcel)
        if self.rng.random() < self.failures:
            with suppress(Refused):  # entries that do not follow
                self.office.apply(self.rng.choice(self.old))
        return self._call(lambda: self.office.apply(parcel))

    def compare(self, digests: Mapping[str, str]) -> Sequence[str]:
        return self._call(lambda: self.office.compare(digests))

    def compare_stock(self, digests: Mapping[str, str]) -> Sequence[str]:
        return self._call(lambda: self.office.compare_stock(digests))

    def stock(self, day: str, offset: int) -> Sequence[StoredMovement]:
        return self._call(lambda: self.office.stock(day, offset))

    def add_stock(self, movements: Sequence[StoredMovement]) -> int:
        return self._call(lambda: self.office.add_stock(movements))

    def reference_state(self, questions: int) -> ReferenceState:
        return self._call(lambda: self.office.reference_state(questions))

    def compare_reference(self, digests: Mapping[str, str]) -> Sequence[str]:
        return self._call(lambda: self.office.compare_reference(digests))

    def reference(self, kind: str, groups: Sequence[str], after: str) -> ReferencePage:
        return self._call(lambda: self.office.reference(kind, groups, after))

    def save_reference(self, changes: Sequence[ReferenceChange]) -> Sequence[SavedChange]:
        return self._call(lambda: self.office.save_reference(changes))

    def requests(self, answers: Sequence[UndoRequest]) -> Sequence[UndoRequest]:
        return self._call(lambda: self.office.requests(answers))

    def entries(self, after: int) -> Parcel:
        return self._call(lambda: self.office.entries(after))

    def read(self, batch_id: str, offset: int) -> bytes:
        return self._call(lambda: self.office.read(batch_id, offset))


@dataclass
class Pair:
    home: System
    office: App
    clock: ManualClock
    """Of the head office."""

    def local(self) -> LocalOffice:
        return LocalOffice(self.office.ports, self.office.contracts, NAME, self.home.clock.now())

    def set_clock(self, off: timedelta = timedelta(0)) -> None:
        self.clock.advance((self.home.clock.now() - off - self.clock.now()).total_seconds())

    def sync(self, office: HeadOffice | None = None) -> SyncResult:
        self.set_clock()
        return exchange.sync_home(self.home.plain.ports, self.home.plain.contracts, office or self.local())

    def sync_until_done(self, rng: Random) -> SyncResult:
        office = Unsteady(self.local(), rng)
        while True:
            self.home.clock.advance(1)
            office.office = self.local()
            try:
                return self.sync(office)
            except (Unavailable, Conflict):
                continue

    def check_agreement(self, result: SyncResult) -> None:
        """Both sides have the same lines, and say so."""
        assert result.agrees
        check_stock(self)
        assert lines(self.office) == lines(self.home.plain)
        assert homes.get_home(self.office.ports, NAME).agreed_number == result.number
        assert sync_status.get_status(self.home.plain.ports).agreed_number == result.number


def lines(app: App) -> set[tuple[Any, ...]]:
    return {tuple(row.values()) for row in app.ports.warehouse.query(LINES).to_pylist()}


def check_stock(two: Pair) -> None:
    """Both sides have the same movements of the home, cancelled ones left out."""
    home, office = stock_of(two.home.plain), stock_of(two.office, NAME)
    assert home == office


def stock_of(app: App, home: str = "") -> list[dict[str, Any]]:
    """Rows of the movements of a home, empty: of this one, that were not cancelled."""
    every = [stored_movements.to_stored_movement(one) for one in stored_movements.all_movements(app.ports)]
    own = [one for one in every if stock_movements.home_of_movement(_subject(one.movement)) == home]
    named = [replace(one, movement=stock_movements.as_sent_movement(one.movement, home)) for one in own]
    cancelled = {one.movement.reference for one in named if one.movement.kind is MovementKind.CANCELLATION}
    counted = [one for one in named if one.movement.movement_id not in cancelled]
    return [
        row
        for one in sorted(counted, key=lambda one: one.movement.movement_id)
        for row in movement_mirror.movement_rows(one)
    ]


def _subject(movement: Movement) -> str:
    return movement.reference if movement.kind is MovementKind.CANCELLATION else movement.movement_id


def head_office(folder: Path, clock: ManualClock) -> App:
    return app_factory.build(Settings(home=folder, threads=1, samples=False), clock)


@contextmanager
def pair(folder: Path, *, numbered: bool = False, people: Random | None = None) -> Iterator[Pair]:
    with running_system(folder / "home", numbered=numbered, people=people) as home:
        clock = ManualClock()
        office = head_office(folder / "office", clock)
        own = home_identity.create_identity(home.plain.ports, "owner")
        homes.add_home(office.ports, NAME, own.public_key, "owner")
        try:
            yield Pair(home, office, clock)
        finally:
            office.close()


def any_host(host: str, port: int) -> str:
    return host


@dataclass
class Connected:
    """A home, and its head office behind the real HTTP server."""

    pair: Pair
    portal: Flask
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def remote(self, address: str = "") -> RemoteOffice:
        ports = self.pair.home.plain.ports
        return RemoteOffice(address or self.address, home_identity.get_identity(ports), ports.clock, any_host)

    def sync(self, address: str = "") -> SyncResult:
        return self.pair.sync(self.remote(address))

    def sync_until_done(self, address: str) -> SyncResult:
        while True:
            self.pair.home.clock.advance(1)
            try:
                return self.sync(address)
            except (Unavailable, Conflict):
                continue


class connected:  # noqa: N801 - used as a function
    """A home and a served head office in a folder."""

    def __init__(
        self, folder: Path, pair_of: Callable[..., AbstractContextManager[Pair]] = pair, **options: Any
    ) -> None:
        self._pair = pair_of(folder, **options)

    def __enter__(self) -> Connected:
        both = self._pair.__enter__()
        portal = portal_factory.create_app(self._app_of_portal(both.office))
        self._server = create_server(portal, host="127.0.0.1", port=0, threads=4)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        return Connected(both, portal, self._server.effective_port)

    def _app_of_portal(self, office: App) -> App:
        return office

    def __exit__(self, *error: object) -> None:
        close_server(self._server)
        join_thread(self._thread)
        self._pair.__exit__(*error)
