"""The kinds of files of a home, and what may come of a torn one. A file of no kind fails the tests until it has one."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tillstream.app import App
from tillstream.batches import records
from tillstream.domain.batch.record import State
from tillstream.domain.errors import NotFound
from tillstream.domain.events import STAGING


class Fate(StrEnum):
    """What may come of a torn file, at most.

    HARMLESS: nothing changes, and nobody need do anything. REPAIRED: everything counts as before, perhaps after what
    the product's own sentence says. NAMED: what no longer counts is named until somebody has dealt with it, and counts
    again once its senders send it again.
    """

    HARMLESS = "harmless"
    REPAIRED = "repaired"
    NAMED = "named"


@dataclass(frozen=True)
class Kind:
    """name: for reports. pattern: of paths in the home. states: of the batch to which the file belongs; empty: any."""

    name: str
    pattern: str
    fate: Fate
    states: frozenset[State] = frozenset()

    @property
    def is_database(self) -> bool:
        """Whether the file has a log beside it, or is one."""
        return re.search(r"\.(sqlite|duckdb)", self.pattern.replace("\\", "")) is not None

    def has(self, path: str, state: State | None) -> bool:
        """Whether a file is of this kind. state: of its batch, if it belongs to one."""
        return re.fullmatch(self.pattern, path) is not None and (not self.states or state in self.states)


COUNTED = frozenset({State.SETTLED, State.ANNOUNCED})
OPEN = frozenset({State.RECEIVED, State.STAGING, State.STAGED})
ANY = r"(?:.*/)?[^/]+@/[0-9]+-[^/]*"

KINDS = (
    Kind("ledger", r"warehouse\.duckdb", Fate.REPAIRED),
    Kind("log of the ledger", r"warehouse\.duckdb\.wal", Fate.REPAIRED),
    Kind("documents", r"documents\.sqlite", Fate.NAMED),
    Kind("log of the documents", r"documents\.sqlite-wal", Fate.NAMED),
    Kind("index of the log of the documents", r"documents\.sqlite-shm", Fate.HARMLESS),
    Kind("queue", r"queue\.sqlite", Fate.NAMED),
    Kind("log of the queue", r"queue\.sqlite-wal", Fate.NAMED),
    Kind("index of the log of the queue", r"queue\.sqlite-shm", Fate.HARMLESS),
    Kind("last generation", r"objects/\.generation", Fate.REPAIRED),
    Kind("locks", r"(objects/\.lock|owner\.lock|turnstile\.lock)", Fate.HARMLESS),
    Kind("address of the server", r"server\.json", Fate.HARMLESS),
    Kind("first password", r"first-password\.txt", Fate.HARMLESS),
    Kind("own contract", r"contracts/[^/]+\.yaml", Fate.NAMED),
    Kind("secret", r"secrets/[^/]+", Fate.HARMLESS),
    Kind("file for connectors", r"sources/.+", Fate.HARMLESS),
    Kind("dropped file that was taken", r"drop/taken/.+", Fate.HARMLESS),
    Kind("delivered file", r"deliveries/.+", Fate.HARMLESS),
    Kind("exchange rates", rf"objects/inbox/exchange-rates/{ANY}", Fate.NAMED),
    Kind("pack of store sales", rf"objects/inbox/packs/{ANY}", Fate.NAMED),
    Kind("store sales that count", rf"objects/inbox/store-sales/{ANY}", Fate.NAMED, COUNTED),
    Kind("store sales on their way", rf"objects/inbox/store-sales/{ANY}", Fate.NAMED, OPEN),
    Kind("correction", rf"objects/inbox/corrections/{ANY}", Fate.NAMED),
    Kind("file of a connector", rf"objects/inbox/connect/{ANY}", Fate.NAMED),
    Kind("file of the watched folder", rf"objects/inbox/drop/{ANY}", Fate.NAMED),
    Kind("file that counts", rf"objects/inbox/loaded/{ANY}", Fate.NAMED, COUNTED),
    Kind("staged file", rf"objects/inbox/loaded/{ANY}", Fate.NAMED, frozenset({State.STAGED})),
    Kind("received file", rf"objects/inbox/loaded/{ANY}", Fate.NAMED, frozenset({State.RECEIVED})),
    Kind("held file", rf"objects/inbox/loaded/{ANY}", Fate.NAMED, frozenset({State.HELD})),
    Kind("undone file", rf"objects/inbox/loaded/{ANY}", Fate.NAMED, frozenset({State.UNDONE})),
    Kind("staged rows that count", rf"objects/staging/[0-9a-f]{{20}}/[0-9]+/accepted\.parquet@/.+", Fate.REPAIRED, COUNTED),
    Kind("staged rows", rf"objects/staging/[0-9a-f]{{20}}/[0-9]+/accepted\.parquet@/.+", Fate.REPAIRED, frozenset({State.STAGED})),
    Kind("staged rows of a held file", rf"objects/staging/[0-9a-f]{{20}}/[0-9]+/accepted\.parquet@/.+", Fate.REPAIRED, frozenset({State.HELD})),
    Kind("staged rows of an undone file", rf"objects/staging/[0-9a-f]{{20}}/[0-9]+/accepted\.parquet@/.+", Fate.REPAIRED, frozenset({State.UNDONE})),
    Kind("refused rows", rf"objects/staging/[0-9a-f]{{20}}/[0-9]+/refused\.parquet@/.+", Fate.REPAIRED, COUNTED),
    Kind("refused rows of a held file", rf"objects/staging/[0-9a-f]{{20}}/[0-9]+/refused\.parquet@/.+", Fate.REPAIRED, frozenset({State.HELD})),
    Kind("keys of a connector", rf"objects/staging/connectors/{ANY}", Fate.HARMLESS),
    Kind("export in the background", rf"objects/staging/exports/{ANY}", Fate.HARMLESS),
    Kind("piece of an upload", rf"objects/staging/sending/{ANY}", Fate.HARMLESS),
    Kind("fit of a forecast", rf"objects/staging/forecasts/{ANY}", Fate.HARMLESS),
)


def files_by_kind(home: Path, states: Mapping[str, State]) -> dict[str, list[str]]:
    """Name of a kind → its files in a home, by their paths in it. states: of the batches of files, by path.

    Raises `AssertionError` for a file of no kind.
    """
    by_kind: dict[str, list[str]] = {kind.name: [] for kind in KINDS}
    for file in sorted(path for path in home.rglob("*") if path.is_file()):
        path = file.relative_to(home).as_posix()
        kind = next((kind for kind in KINDS if kind.has(path, states.get(path))), None)
        assert kind, (
            f"{path} (batch: {states.get(path)}) is a file of no known kind. Add one to KINDS in {__name__}, with what "
            "may come of it when it is damaged."
        )
        by_kind[kind.name].append(path)
    return by_kind


def states_of(app: App) -> dict[str, State]:
    """Path of an original or of staged rows → the state of its batch."""
    states = {}
    objects, home = app.ports.objects, app.settings.home.absolute()
    for batch in records.every(app.ports):
        staged = batch.staged.objects if batch.staged else ()
        for address in ((batch.bucket, batch.object, batch.generation), *((STAGING, name) for name in staged)):
            with suppress(NotFound):  # it is in a pack
                states[Path(objects.uri(*address)).relative_to(home).as_posix()] = batch.state
    return states
