"""The kinds of files of a home, and what may come of a torn one. A file of no kind fails the tests until it has one."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tillstream.app import App
from tillstream.model.batch import BatchState
from tillstream.model.errors import NotFound
from tillstream.model.events import STAGING
from tillstream.records import batch_records


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
    states: frozenset[BatchState] = frozenset()

    @property
    def is_database(self) -> bool:
        """Whether the file is a database, belongs to one, or is the copy of a part of one."""
        return re.search(r"\\.(sqlite|duckdb)|\\.log$", self.pattern) is not None

    @property
    def is_log(self) -> bool:
        """Whether it is the log of a database, or the index of one: gone after an orderly stop."""
        return self.is_database and "log of" in self.name

    @property
    def is_index(self) -> bool:
        return self.name.startswith("index of")

    @property
    def is_rewritten(self) -> bool:
        """Whether the file changes, so that there are older copies."""
        return self.is_database or self.name == "last generation"

    @property
    def is_parquet(self) -> bool:
        return "parquet" in self.pattern

    @property
    def is_kept(self) -> bool:
        """Whether the file is an original, which is kept for ever and is nowhere else."""
        return self.pattern.startswith(INBOX) and self.fate is NAMED

    @property
    def is_edited(self) -> bool:
        """Whether people write the file by hand, so that only they can put it back, or say that a change is meant."""
        return self.name in {"own contract", "secret"}

    def has(self, path: str, state: BatchState | None) -> bool:
        """Whether a file is of this kind. state: of its batch, if it belongs to one."""
        return re.fullmatch(self.pattern, path) is not None and (not self.states or state in self.states)


COUNTED = frozenset({BatchState.SETTLED, BatchState.ANNOUNCED})
OPEN = frozenset({BatchState.RECEIVED, BatchState.STAGING, BatchState.STAGED})
HARMLESS, REPAIRED, NAMED = Fate
INBOX, STAGED, OBJECT = "objects/inbox", "objects/staging/[0-9a-f]{20}/[0-9]+", "(?:.*/)?[^/]+@/[0-9]+-[^/]*"

KINDS = (
    Kind("ledger", r"warehouse\.duckdb", REPAIRED),
    Kind("log of the ledger", r"warehouse\.duckdb\.wal", REPAIRED),
    Kind("documents", r"documents\.sqlite", NAMED),
    Kind("log of the documents", r"documents\.sqlite-wal", NAMED),
    Kind("index of the log of the documents", r"documents\.sqlite-shm", HARMLESS),
    Kind("queue", r"queue\.sqlite", NAMED),
    Kind("log of the queue", r"queue\.sqlite-wal", NAMED),
    Kind("index of the log of the queue", r"queue\.sqlite-shm", HARMLESS),
    Kind("accepted sales", r"accepted\.log", NAMED),
    Kind("last generation", r"objects/\.generation", REPAIRED),
    Kind("locks", r"(objects/\.lock|owner\.lock|turnstile\.lock)", HARMLESS),
    Kind("address of the server", r"server\.json", HARMLESS),
    Kind("first password", r"first-password\.txt", HARMLESS),
    Kind("own contract", r"contracts/[^/]+\.yaml", NAMED),
    Kind("secret", r"secrets/[^/]+", NAMED),
    Kind("extract for statements", r"extracts/.+", HARMLESS),
    Kind("file for connectors", r"sources/.+", HARMLESS),
    Kind("dropped file that was taken", r"drop/taken/.+", HARMLESS),
    Kind("delivered file", r"deliveries/.+", HARMLESS),
    Kind("exchange rates", rf"{INBOX}/exchange-rates/{OBJECT}", REPAIRED),
    Kind("pack of store sales", rf"{INBOX}/packs/{OBJECT}", NAMED),
    Kind("store sales that count", rf"{INBOX}/store-sales/{OBJECT}", NAMED, COUNTED),
    Kind("store sales on their way", rf"{INBOX}/store-sales/{OBJECT}", NAMED, OPEN),
    Kind("correction", rf"{INBOX}/corrections/{OBJECT}", NAMED),
    Kind("file of a connector", rf"{INBOX}/connect/{OBJECT}", NAMED),
    Kind("file of the watched folder", rf"{INBOX}/drop/{OBJECT}", NAMED),
    Kind("file that counts", rf"{INBOX}/loaded/{OBJECT}", NAMED, COUNTED),
    Kind("staged file", rf"{INBOX}/loaded/{OBJECT}", NAMED, frozenset({BatchState.STAGED})),
    Kind("received file", rf"{INBOX}/loaded/{OBJECT}", NAMED, frozenset({BatchState.RECEIVED})),
    Kind("held file", rf"{INBOX}/loaded/{OBJECT}", NAMED, frozenset({BatchState.HELD})),
    Kind("undone file", rf"{INBOX}/loaded/{OBJECT}", NAMED, frozenset({BatchState.UNDONE})),
    Kind("staged rows that count", rf"{STAGED}/accepted\.parquet@/.+", REPAIRED, COUNTED),
    Kind("staged rows", rf"{STAGED}/accepted\.parquet@/.+", REPAIRED, frozenset({BatchState.STAGED})),
    Kind("staged rows of a held file", rf"{STAGED}/accepted\.parquet@/.+", REPAIRED, frozenset({BatchState.HELD})),
    Kind("staged rows of an undone file", rf"{STAGED}/accepted\.parquet@/.+", REPAIRED, frozenset({BatchState.UNDONE})),
    Kind("refused rows", rf"{STAGED}/refused\.parquet@/.+", REPAIRED, COUNTED),
    Kind("refused rows of a held file", rf"{STAGED}/refused\.parquet@/.+", REPAIRED, frozenset({BatchState.HELD})),
    Kind("keys of a connector", rf"objects/staging/connectors/{OBJECT}", HARMLESS),
    Kind("export in the background", rf"objects/staging/exports/{OBJECT}", HARMLESS),
    Kind("piece of an upload", rf"objects/staging/sending/{OBJECT}", HARMLESS),
    Kind("fit of a forecast", rf"objects/staging/forecasts/{OBJECT}", HARMLESS),
)


def files_by_kind(home: Path, states: Mapping[str, BatchState]) -> dict[str, list[str]]:
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


def states_of(app: App) -> dict[str, BatchState]:
    """Path of an original or of staged rows → the state of its batch."""
    states = {}
    objects, home = app.ports.objects, app.settings.home.absolute()
    for batch in batch_records.all_batches(app.ports):
        staged = batch.staged.objects if batch.staged else ()
        for address in ((batch.bucket, batch.object, batch.generation), *((STAGING, name) for name in staged)):
            with suppress(NotFound):  # it is in a pack
                states[Path(objects.uri(*address)).relative_to(home).as_posix()] = batch.state
    return states
