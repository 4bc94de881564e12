"""Exports the marts to a folder: only the months that changed, and everything of one settlement."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial

from tillstream.marts import manifest as manifests
from tillstream.marts import parquet
from tillstream.marts.commit import commit_tables
from tillstream.marts.consistent import read_consistently
from tillstream.marts.manifest import MANIFEST, PARQUET, PARTITION, Manifest, MartFile
from tillstream.marts.state import Changes, MartState
from tillstream.marts.statements import statements
from tillstream.marts.tables import MartTable, chosen
from tillstream.model.errors import Rejected
from tillstream.ports.files import ExportDraft, ExportFolder, TableLog
from tillstream.ports.warehouse import Snapshot, Warehouse

Part = tuple[str, str]
"""A table, and a month of it; without a month for a dimension."""
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Exported:
    """written: files that are new or have other rows. removed: files that were replaced or have no rows any more."""

    manifest: Manifest
    written: int
    removed: int


def export(
    warehouse: Warehouse,
    folder: ExportFolder,
    only: Collection[str] = (),
    *,
    location: str = "",
    log: TableLog | None = None,
    progress: Progress = lambda _: None,
) -> Exported:
    """Write the tables, and replace the manifest when all files are there.

    only: names of tables; empty: those of the last export to the folder, or all. location: where engines read the
    folder, for the statements; empty: its path. log: makes the files tables of its format; None: plain Parquet files.
    progress: called with the number of files that were read.
    Raises `Rejected` for an unknown table or a folder that cannot be used; `Unavailable` if settlements commit faster
    than they can be read, or if the disk fails. The last export stays valid then.
    """
    tables = chosen(only)
    table_format = log.format if log else PARQUET
    with folder.locked():
        content = folder.read(MANIFEST)
        previous = manifests.read(content) if content else None
        if previous and previous.table_format not in (PARQUET, table_format):
            raise Rejected(f"{folder.path} has tables of the format {previous.table_format}. Use another folder.")
        if previous and previous.tables and not only:
            tables = previous.tables
        run = _Run(folder, tables, previous, progress)
        state = run.read(warehouse)
        manifest = Manifest(state, tables, run.files, table_format)
        texts = statements(manifest, location.rstrip("/") or folder.path)
        commit = partial(commit_tables, log, manifest, previous) if log else _nothing
        removed = folder.publish(run.drafts, texts, manifest.to_json(), commit)
    return Exported(manifest, len(run.drafts), removed)


def format_of(folder: ExportFolder) -> str:
    """The format of the tables of the last export; that of plain files if there is none. Raises `Rejected`."""
    content = folder.read(MANIFEST)
    return manifests.read(content).table_format if content else PARQUET


def _nothing() -> None:
    """Plain files have no log."""


class _Run:
    """files: every file of the export, published or not. drafts: path → those that are not."""

    def __init__(
        self, folder: ExportFolder, tables: tuple[MartTable, ...], previous: Manifest | None, progress: Progress
    ) -> None:
        self._folder, self._tables, self._progress = folder, tables, progress
        self._exported = previous.state if previous else None
        self._previous = {} if previous is None else dict(previous.files)
        self._complete = {name for name, _ in self._previous}
        wanted = {table.name for table in tables}
        self.files = {part: file for part, file in self._previous.items() if part[0] in wanted and self._is_whole(file)}
        self.drafts: dict[str, ExportDraft] = {}

    def _is_whole(self, file: MartFile) -> bool:
        return self._folder.size(file.path) == file.bytes

    def read(self, warehouse: Warehouse) -> MartState:
        """Read everything that changed; return its state."""
        return read_consistently(warehouse, self._exported, self._read_changes)

    def _read_changes(self, snapshot: Snapshot, state: MartState, changes: Changes) -> None:
        for part in [part for part in self.files if part[1] and part[1] not in changes.months]:
            self._forget(part)
        for table in self._tables:
            for month in self._stale_months(table, changes):
                self._write(snapshot, table, month, state)
        self._complete = {table.name for table in self._tables}

    def _stale_months(self, table: MartTable, changes: Changes) -> Iterator[str]:
        if not table.by_month:
            yield ""
            return
        is_new = table.name not in self._complete
        for month in sorted(changes.months):
            missing = self._previous.get((table.name, month)) and (table.name, month) not in self.files
            if is_new or month in changes.changed or missing:
                yield month

    def _write(self, snapshot: Snapshot, table: MartTable, month: str, state: MartState) -> None:
        part = (table.name, month)
        with self._folder.draft() as opened:
            rows = parquet.write(snapshot, table, month, opened.file)
            draft = opened.finished()
        self._progress(1)
        self._forget(part)
        previous = self._previous.get(part)
        if table.by_month and not rows:
            self._folder.discard(draft)
        elif previous and previous.sha256 == draft.sha256 and self._is_whole(previous):
            self._folder.discard(draft)
            self.files[part] = previous
        else:
            partition = f"{PARTITION}={month}/" if month else ""
            path = f"{table.name}/{partition}{state.settlement_no}-{draft.sha256[:12]}.parquet"
            self.drafts[path] = draft
            self.files[part] = MartFile(table.name, month, path, rows, draft.bytes, draft.sha256)

    def _forget(self, part: Part) -> None:
        """Drop what an earlier try of this run wrote."""
        if (file := self.files.pop(part, None)) and (draft := self.drafts.pop(file.path, None)):
            self._folder.discard(draft)
