"""Extracts of the marts: files that hold exactly what a scope may read, made for the process that runs statements.

HOME/extracts/company/         tables that are equal for all scopes
HOME/extracts/region-<hash>/   facts of one region, a file for each month, shared by all scopes with this region
HOME/extracts/scope-<hash>/    what depends on the scope: its stores, customers and salespeople, and the facts if it is
                               bound to stores or must not see costs

A folder is given to a process as a whole, so everything in it is for the scopes that have it. `part.json` of a folder
lists the files of each table with the state of the ledger that they belong to; what settlements changed since is made
again when a statement reads it, month by month. All of it can be removed at any time: it is made again.
"""

import hashlib
import json
import shutil
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow.parquet as pq

import sql
from tillstream.explore import scoped_tables
from tillstream.marts.state import MartState, days_of, read_state
from tillstream.marts.tables import tables_by_name
from tillstream.model.document_json import JsonObject
from tillstream.model.people import Scope
from tillstream.ports.machine import Clock
from tillstream.ports.warehouse import FileSnapshot

EXTRACTS_FOLDER = "extracts"
_INDEX, _USED = "part.json", "used"
_WHOLE, _NO_ROWS = "all", "none"
"""Names of the files of a dimension, and of a file of facts without rows, which has the columns."""
UNUSED_DAYS = 14
"""Days after which a folder that no statement read is removed."""
MAX_SPACE, SMALL_EXTRACTS = 1.5, 64 << 20
"""Space of all extracts, as a multiple of the space of the marts: beyond it, the folders of scopes that were not read
for longest are removed. Bytes up to which none is."""

ChangedMonths = Mapping[str, frozenset[str]]
"""Region → months."""


@dataclass(frozen=True)
class ExtractFolder:
    """A folder of extracts. selects: table → its rows in GoogleSQL. regions: those of its facts; None: all."""

    name: str
    selects: Mapping[str, str]
    params: Mapping[str, Any]
    regions: tuple[str, ...] | None = None

    def digest(self, table: str) -> str:
        """Changes with the rows that a table of this part has at equal states of the ledger."""
        return _hash(
            self.selects[table], {name: self.params[name] for name in sorted(self.params)}, _definitions_digest()
        )


@dataclass
class ExtractProgress:
    """Files that are made, for the page. total: as far as is known."""

    done: int = 0
    total: int = 0


@dataclass
class LedgerStates:
    """The state of the ledger in a snapshot, and what changed since earlier states; each is read once."""

    snapshot: FileSnapshot
    is_changed: bool = False
    """Whether a file was made."""
    _read: dict[MartState | None, tuple[MartState, ChangedMonths]] = field(default_factory=dict)

    def since(self, earlier: MartState | None) -> tuple[MartState, ChangedMonths]:
        """The state, and the months whose facts may differ from those of an earlier one; None: all months."""
        if earlier not in self._read:
            state, changes = read_state(self.snapshot, earlier)
            if changes.changed == changes.months:
                text, params = "exports/months", {}
            else:
                text = "exports/changed_months"
                params = {"after": earlier.settlement_no if earlier else 0, "last": state.settlement_no}
            is_same = earlier == state
            rows = [] if is_same else self.snapshot.query(sql.text(text), params).to_pylist()
            months: dict[str, set[str]] = {}
            for row in rows:
                months.setdefault(row["region"], set()).add(row["month"])
            self._read[earlier] = state, {region: frozenset(of) for region, of in months.items()}
        return self._read[earlier]


class Extracts:
    """The extracts of a home. Thread-safe."""

    def __init__(self, home: Path, clock: Clock) -> None:
        self._folder, self._clock = home / EXTRACTS_FOLDER, clock
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._verified: set[Path] = set()
        self._progress: dict[str, ExtractProgress] = {}
        self._regions: tuple[MartState | None, frozenset[str]] = None, frozenset()

    def parts(self, snapshot: FileSnapshot, scope: Scope) -> "ScopeExtracts":
        """What a scope reads, in a state of the warehouse."""
        states = LedgerStates(snapshot)
        offered = scoped_tables.offered_tables(scope)
        params = scoped_tables.scope_parameters(scope)
        facts = offered["fact_sales"]
        common = scoped_tables.common_tables()
        own = {name: table.select for name, table in offered.items() if name not in common and table is not facts}
        selects = {name: offered[name].select for name in common}
        parts = []
        has_all_columns = len(facts.columns) == len(tables_by_name()["fact_sales"].columns)
        if scope.stores is None and has_all_columns:
            names = ", ".join(column.name for column in facts.columns)
            select = f"SELECT {names} FROM fact_sales WHERE region = @region"
            parts += [
                ExtractFolder(f"region-{_hash(region)[:16]}", {"fact_sales": select}, {"region": region}, (region,))
                for region in (self._all_regions(states) if scope.regions is None else scope.regions)
            ]
            if not parts:  # the table has its columns before the first sale
                selects["fact_sales"] = f"SELECT {names} FROM fact_sales WHERE FALSE"
        else:
            own["fact_sales"] = facts.select
        parts.append(ExtractFolder("company", selects, {}, ()))
        if own:
            used = {name: value for name, value in params.items() if any(f"@{name}" in text for text in own.values())}
            regions = None if scope.regions is None else tuple(scope.regions)
            parts.append(ExtractFolder(f"scope-{_hash(own, used)[:16]}", own, used, regions))
        return ScopeExtracts(self, states, tuple(parts))

    def _all_regions(self, states: LedgerStates) -> list[str]:
        """Every region that the ledger ever had."""
        earlier, regions = self._regions
        state, months = states.since(earlier)
        self._regions = state, regions | months.keys()
        return sorted(self._regions[1])

    def folder_of(self, part: ExtractFolder) -> Path:
        """The folder, which exists afterwards."""
        folder = self._folder / part.name
        folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        return folder

    def progress(self, names: Collection[str]) -> ExtractProgress | None:
        """How far the parts of these names are that are made now; None if none is."""
        with self._guard:
            running = [self._progress[name] for name in names if name in self._progress]
        return (
            ExtractProgress(sum(each.done for each in running), sum(each.total for each in running))
            if running
            else None
        )

    def refresh(self, states: LedgerStates, part: ExtractFolder, wanted: Collection[str]) -> dict[str, list[Path]]:
        """Make what is missing or outdated of these tables of a part; return the files of each."""
        mine = [name for name in part.selects if name in wanted]
        if not mine:
            return {}
        with self._lock(part.name):
            folder = self.folder_of(part)
            index = _ExtractIndex.read(folder)
            files: dict[str, list[Path]] = {}
            is_changed = False
            progress = ExtractProgress()
            with self._guard:
                self._progress[part.name] = progress
            try:
                for name in mine:
                    is_changed |= self._renew(states, part, name, folder, index, progress)
                    files[name] = [folder / file["name"] for file in index.files(name)]
            finally:
                with self._guard:
                    del self._progress[part.name]
            if is_changed:
                index.publish(folder)
                states.is_changed = True
            (folder / _USED).write_text(self._clock.now().isoformat())
        return files

    def distrust(self, parts: Sequence[ExtractFolder]) -> None:
        """A file of these parts could not be read: read all of them again before they are used."""
        with self._guard:
            self._verified = {path for path in self._verified if path.parent.name not in {part.name for part in parts}}

    def prune(self, snapshot: FileSnapshot, kept: Collection[str]) -> None:
        """Remove folders that no statement read for long, and those of scopes beyond `MAX_SPACE`. kept: names of parts
        that are read now."""
        folders = [folder for folder in self._folder.iterdir() if folder.is_dir()]
        used = {folder: _last_used_at(folder) for folder in folders}
        sizes = {folder: sum(file.stat().st_size for file in folder.glob("*.parquet")) for folder in folders}
        most = (
            max(SMALL_EXTRACTS, MAX_SPACE * self._size_of_marts(snapshot, sizes))
            if sum(sizes.values()) > SMALL_EXTRACTS
            else SMALL_EXTRACTS
        )
        oldest = self._clock.now().timestamp() - UNUSED_DAYS * 86_400
        for folder in sorted(folders, key=used.__getitem__):
            is_too_much = folder.name.startswith("scope-") and sum(sizes.values()) > most
            if folder.name not in kept and (used[folder] < oldest or is_too_much):
                with self._lock(folder.name):
                    shutil.rmtree(folder, ignore_errors=True)
                del sizes[folder]

    def _size_of_marts(self, snapshot: FileSnapshot, sizes: Mapping[Path, int]) -> float:
        """About how many bytes the marts have as files: the facts of a part, for all lines of the ledger."""
        (row,) = snapshot.query("SELECT COUNT(*) AS lines FROM current_lines").to_pylist()
        facts = [file for folder in sizes for file in _ExtractIndex.read(folder).files("fact_sales")]
        rows = sum(file["rows"] for file in facts)
        whole = sum(size for folder, size in sizes.items() if not folder.name.startswith("scope-"))
        return max(whole, row["lines"] * sum(file["bytes"] for file in facts) / rows if rows else 0.0)

    @contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        with self._guard:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            yield

    def _renew(
        self,
        states: LedgerStates,
        part: ExtractFolder,
        table: str,
        folder: Path,
        index: "_ExtractIndex",
        progress: ExtractProgress,
    ) -> bool:
        """Make the outdated files of a table; return whether there were any."""
        digest = part.digest(table)
        entry = index.tables.get(table)
        is_current = entry is not None and entry["digest"] == digest
        earlier = MartState(**entry["state"]) if entry is not None and is_current else None
        files = dict(entry["files"]) if entry is not None and is_current else {}
        damaged = {key for key, file in files.items() if not self._is_whole(folder / file["name"], file)}
        state, months = states.since(earlier)
        if tables_by_name()[table].by_month:
            regions = months if part.regions is None else part.regions
            changed = {month for region in regions for month in months.get(region, ())}
            outdated = changed | damaged | ({_NO_ROWS} - files.keys())
        else:
            outdated = damaged if state == earlier else {_WHOLE}
        if not outdated and state == earlier:
            return False
        files = {key: file for key, file in files.items() if key not in outdated}
        progress.total += len(outdated)
        for key in sorted(outdated):
            if file := self._write(states.snapshot, part, table, key, folder):
                files[key] = file
            progress.done += 1
        index.tables[table] = {"digest": digest, "state": asdict(state), "files": files}
        return True

    def _write(
        self, snapshot: FileSnapshot, part: ExtractFolder, table: str, key: str, folder: Path
    ) -> JsonObject | None:
        select, params = part.selects[table], dict(part.params)
        params = {name: value for name, value in params.items() if f"@{name}" in select}
        if key == _NO_ROWS:
            select = f"SELECT * FROM ({select}) AS part WHERE FALSE"
        elif key != _WHOLE:
            params["first"], params["next"] = days_of(key)
            select = f"SELECT * FROM ({select}) AS part WHERE sale_date >= @first AND sale_date < @next"
        path = folder / f"{table}-{key}-{uuid4().hex[:12]}.parquet"
        snapshot.write_parquet(select, params, path)
        rows = pq.read_metadata(path).num_rows
        if not rows and key not in (_NO_ROWS, _WHOLE):
            path.unlink()
            return None
        self._verified.add(path)
        return {"name": path.name, "rows": rows, "bytes": path.stat().st_size, "sha256": _hash_of_file(path)}

    def _is_whole(self, path: Path, file: Mapping[str, Any]) -> bool:
        """Whether a file is as it was written; its content is read once in a process."""
        if path in self._verified:
            return path.is_file()
        is_whole = path.is_file() and path.stat().st_size == file["bytes"] and _hash_of_file(path) == file["sha256"]
        if is_whole:
            self._verified.add(path)
        return is_whole


@dataclass(frozen=True)
class ScopeExtracts:
    """The parts of a scope in one state of the warehouse."""

    extracts: Extracts
    states: LedgerStates
    parts: tuple[ExtractFolder, ...]

    @property
    def folders(self) -> list[Path]:
        return [self.extracts.folder_of(part) for part in self.parts]

    def files(self, tables: Collection[str]) -> dict[str, list[str]]:
        """The files of tables, made where they are missing or outdated."""
        paths_of: dict[str, list[str]] = {table: [] for table in tables}
        for part in self.parts:
            for table, paths in self.extracts.refresh(self.states, part, tables).items():
                paths_of[table] += [str(path) for path in paths]
        return paths_of


@dataclass
class _ExtractIndex:
    """tables: table → its digest, state and files. published: names of the files that the last published index had."""

    tables: dict[str, JsonObject]
    published: frozenset[str]

    @classmethod
    def read(cls, folder: Path) -> "_ExtractIndex":
        try:
            tables = json.loads((folder / _INDEX).read_bytes())
            names = frozenset(file["name"] for table in tables.values() for file in table["files"].values())
            for table in tables.values():
                MartState(**table["state"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls({}, frozenset())
        return cls(tables, names)

    def files(self, table: str) -> list[JsonObject]:
        return list(self.tables[table]["files"].values()) if table in self.tables else []

    def publish(self, folder: Path) -> None:
        """Replace the index. Files of the index before stay until the next one, for statements that read them now."""
        draft = folder / f"{_INDEX}.new"
        draft.write_text(json.dumps(self.tables))
        draft.replace(folder / _INDEX)
        kept = self.published | {file["name"] for table in self.tables.values() for file in table["files"].values()}
        for path in folder.glob("*.parquet"):
            if path.name not in kept:
                path.unlink(missing_ok=True)


def _last_used_at(folder: Path) -> float:
    try:
        return datetime.fromisoformat((folder / _USED).read_text()).timestamp()
    except (OSError, ValueError):
        return 0.0


def _hash_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hash(*values: Any) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


@cache
def _definitions_digest() -> str:
    """Changes with the definition of any view."""
    return _hash([text for _, text in sql.views()])
