"""Backfills: history that is taken in once, by a connector that reads its source to the end."""

import re
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from tillstream.connectors import due_runs, listed_files, records, run_history
from tillstream.connectors.access import SourceAccess
from tillstream.connectors.listed_files import ListedFileSource
from tillstream.connectors.one_run import StoredKeys, open_source
from tillstream.connectors.run_history import ConnectorRun, PartPace
from tillstream.connectors.state import Connector, ConnectorDraft, connector_status, read_state
from tillstream.contracts.registry import ContractRegistry
from tillstream.model.batch import BatchState
from tillstream.model.errors import NotFound, Rejected, Unavailable
from tillstream.model.file_names import contract_from_folder
from tillstream.ports import Ports

BACKFILL_KINDS = {"gs": "cloud_storage", "s3": "s3", "": "local_folder"}
"""Scheme of an address → kind of connector."""
MAX_PROBLEMS = 20
NOT_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Backfill:
    """A backfill before it runs. path: an address gs://BUCKET/PREFIX or s3://BUCKET/PREFIX, or a folder."""

    path: str
    draft: ConnectorDraft

    @property
    def name(self) -> str:
        return self.draft.name

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folder of this machine that it reads."""
        folder = self.draft.settings.get("folder")
        return (Path(folder),) if folder else ()


@dataclass(frozen=True)
class BackfillPlan:
    """What a backfill would take in. taken: files that are stored already. first, last: names of those to take in."""

    name: str
    path: str
    files: int
    bytes: int
    taken: int
    first: str
    last: str
    problems: tuple[str, ...]


def connector_of_backfill(path: str, contract: str = "", settings: Mapping[str, str] | None = None) -> Backfill:
    """The backfill of a path; the same for the same arguments, so that a second call continues it.

    settings: of its kind, for example pattern. Raises `Rejected` for another scheme, and if there is no such folder.
    """
    scheme, _, address = path.partition("://") if "://" in path else ("", "", path)
    if scheme not in BACKFILL_KINDS:
        raise Rejected(f"A backfill reads gs://BUCKET/PREFIX, s3://BUCKET/PREFIX or a folder, not {path}.")
    bucket, _, prefix = address.partition("/")  # not as a URL: names of objects may contain # and ?
    place = {"bucket": bucket, "prefix": prefix}
    if not scheme:
        place = {"folder": str(Path(path).absolute())}
        if not Path(path).is_dir():
            raise Rejected(
                f"There is no folder {path} on the machine that reads it. "
                "To load a single file, use `tillstream ingest`."
            )
    history = {} if scheme == "gs" else {"order": listed_files.BY_NAME, "quiet": "0"}
    values = {**history, **(settings or {}), **place}
    digest = sha256("\n".join([path, contract, *(f"{key}={values[key]}" for key in sorted(values))]).encode())
    last = NOT_NAME.sub("-", path.rstrip("/").rsplit("/", 1)[-1].casefold())[:20].strip("-")
    name = "-".join(filter(None, ("backfill", last, digest.hexdigest()[:8])))
    return Backfill(path, ConnectorDraft(name, BACKFILL_KINDS[scheme], values, contract, is_once=True))


def plan_backfill(ports: Ports, contracts: ContractRegistry, access: SourceAccess, backfill: Backfill) -> BackfillPlan:
    """List the source; nothing is stored. Raises as `ConnectorSource.test`."""
    stored = StoredKeys(ports, backfill.name, read_state(ports, backfill.name).stored)
    with closing(open_source(backfill.draft, _with_folders(access, backfill))) as source:
        if not isinstance(source, ListedFileSource):
            raise TypeError(backfill.draft.kind)
        files = source.select()
        new = [file for file in files if source.key(file) not in stored]
        notes = source.notes()
    problems = [f"{file.path} is empty." for file in new if file.size == 0]
    if not backfill.draft.contract:
        names = contracts.names()
        unnamed = [file.path for file in new if not contract_from_folder(file.path, names)]
        if unnamed:
            problems.append(f"Contracts are chosen by the content of {len(unnamed):,} files, such as {unnamed[0]}.")
    paths = [file.path for file in new]
    return BackfillPlan(
        backfill.name,
        backfill.path,
        len(new),
        sum(file.size or 0 for file in new),
        len(files) - len(new),
        paths[0] if paths else "",
        paths[-1] if paths else "",
        (*notes, *problems[:MAX_PROBLEMS]),
    )


def run_backfill(
    ports: Ports, contracts: ContractRegistry, access: SourceAccess, backfill: Backfill, by: str, pace: PartPace
) -> ConnectorRun:
    """Take in what is not stored yet, part by part, here. Raises as `running.run_backfill`.

    The schedule leaves it alone meanwhile, and if it is interrupted.
    """
    if connector_status(ports, backfill.name).is_running:  # before it is paused, which would end that run
        raise Rejected(f"The backfill {backfill.name} is running.")
    opened = _with_folders(access, backfill)
    _add(ports, contracts, opened, backfill, by, is_paused=True)
    return due_runs.run_connector(ports, contracts, opened, backfill.name, by, pace=pace)


def request_backfill(
    ports: Ports, contracts: ContractRegistry, access: SourceAccess, backfill: Backfill, by: str
) -> None:
    """Leave it to the schedule of the server, or to the job of a project. Raises `Rejected`."""
    for folder in backfill.folders:
        access.check_file(str(folder))
    _add(ports, contracts, access, backfill, by, is_paused=False)
    with suppress(Unavailable):  # the sweep starts the job
        due_runs.request_run(ports, backfill.name, by)


def find_backfills(ports: Ports) -> list[Connector]:
    """The backfills, by name."""
    return [connector for connector in records.find_connectors(ports) if connector.is_once]


def get_backfill(ports: Ports, name: str) -> Connector:
    """Raises `NotFound`, and `Rejected` for another connector."""
    try:
        connector = records.get_connector(ports, name)
    except NotFound as error:
        raise NotFound(f"There is no backfill {name}.") from error
    if not connector.is_once:
        raise Rejected(f"{name} is a connector that runs by its schedule, not a backfill.")
    return connector


def unrecorded_keys(ports: Ports, name: str) -> int:
    """How many of the files that were taken in have no batch yet: the events of copied objects create it."""
    taken = len(StoredKeys(ports, name, read_state(ports, name).stored))
    return max(taken - run_history.count_recorded(ports, name), 0)


def backfill_counts(ports: Ports, name: str) -> dict[str, int]:
    """State → how many of its batches are in it, without states that none is in."""
    every = {state.value: run_history.count_batches(ports, name, state) for state in BatchState}
    return {state: count for state, count in every.items() if count}


def _add(
    ports: Ports, contracts: ContractRegistry, access: SourceAccess, backfill: Backfill, by: str, *, is_paused: bool
) -> None:
    if not records.connector_exists(ports, backfill.name):
        records.add_connector(ports, contracts, access, backfill.draft, by)
    if records.get_connector(ports, backfill.name).is_paused != is_paused:
        records.pause_connector(ports, backfill.name, by, is_paused=is_paused)


def _with_folders(access: SourceAccess, backfill: Backfill) -> SourceAccess:
    """For a person at this machine, who may read the folder that they name, unlike the schedule."""
    return replace(access, folders=(*access.folders, *backfill.folders))
