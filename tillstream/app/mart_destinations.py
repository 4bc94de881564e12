"""Destinations of the marts: checked when they are added, and written when they are due or on request."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tillstream.adapters.postgresql.address import SCHEMES, parse_address
from tillstream.app.app import App
from tillstream.app.export_folders import DELTA, FORMATS, delta_log, export_folder, export_to
from tillstream.app.read_copies import DEFAULT_SCHEMA, read_copy
from tillstream.connectors.access import check_reference
from tillstream.marts import destinations
from tillstream.marts.copy import copy_to_database
from tillstream.marts.destinations import MartDestination, MartDestinationDraft
from tillstream.marts.mart_files import MANIFEST
from tillstream.marts.state import MartState
from tillstream.model.audit import AuditAction
from tillstream.model.errors import NotFound, Rejected, TillstreamError
from tillstream.records import audit_log, data_version

DEFECT = "An unexpected error; the log has it."


class _StoppedError(Exception):
    """The server ends: the run stops, and what the destination has stays."""


def add(app: App, draft: MartDestinationDraft, by: str) -> MartDestination:
    """Add a destination without connecting to it. Raises `Rejected`."""
    return destinations.add_destination(app.ports, _checked(app, draft), by)


def run(app: App, name: str, by: str = "", stopping: threading.Event | None = None) -> MartDestination:
    """Write a destination; return it with what was written, or with why it failed.

    by: who requests it, for the audit log; empty: the schedule. Raises `NotFound`, and defects.
    """
    ports = app.ports
    destination = destinations.get_destination(ports, name)
    if by:
        audit_log.record(ports, by, AuditAction.MART_DESTINATION_RUN, name)
    started, version = ports.clock.now(), data_version.version_number(ports.documents)

    def progress(_: int) -> None:
        if stopping and stopping.is_set():
            raise _StoppedError

    try:
        state = _write(app, destination, progress)
    except _StoppedError:
        return destination
    except TillstreamError as error:
        destinations.note_failure(ports, name, started, str(error))
    except Exception:
        destinations.note_failure(ports, name, started, DEFECT)
        raise
    else:
        destinations.note_done(ports, name, started, version, state)
    return destinations.get_destination(ports, name)


def run_due(app: App, stopping: threading.Event | None = None) -> list[MartDestination]:
    """Write each destination that is due; return those that were written or failed. Raises defects."""
    ended = []
    for destination in destinations.due_destinations(app.ports):
        if stopping and stopping.is_set():
            break
        with suppress(NotFound):  # removed meanwhile
            ended.append(run(app, destination.name, stopping=stopping))
    return ended


def _is_database(to: str) -> bool:
    return to.partition("://")[0] in SCHEMES


def _checked(app: App, draft: MartDestinationDraft) -> MartDestinationDraft:
    if _is_database(draft.to):
        parse_address(draft.to)
        check_reference(draft.password, "Password")
        if draft.format:
            raise Rejected("A database has no format. Leave it out.")
        return replace(draft, schema=draft.schema or DEFAULT_SCHEMA)
    if draft.password or draft.schema:
        raise Rejected("Only a database has a password and a schema. Leave them out.")
    if draft.format not in ("", *FORMATS):
        raise Rejected(f"The format is one of: {', '.join(FORMATS)}.")
    if "://" not in draft.to:
        if app.settings.project:
            raise Rejected("A project writes to a bucket or a database, because its folders end with their machine.")
        if not Path(draft.to).is_absolute():
            raise Rejected("Enter the whole path of the folder, such as /data/marts.")
    export_folder(app, draft.to, MANIFEST)
    if draft.format == DELTA:
        delta_log(draft.to)
    return draft


def _write(app: App, destination: MartDestination, progress: Callable[[int], None]) -> MartState:
    if _is_database(destination.to):
        target = read_copy(app, destination.to, destination.password, destination.schema)
        return copy_to_database(app.ports.warehouse, target, progress=progress).record.state
    _, _, exported = export_to(app, destination.to, table_format=destination.format, progress=progress)
    return exported.manifest.state
