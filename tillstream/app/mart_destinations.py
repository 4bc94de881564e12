"""Destinations of the marts: folders of files and read copies in databases, written when due or on request."""

import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from tillstream.adapters.local.files.destination_folders import LocalExportFolder
from tillstream.adapters.postgresql.address import SCHEMES, parse_address
from tillstream.app.app import App
from tillstream.app.output_places import check_output
from tillstream.app.source_access import source_access
from tillstream.connectors.access import check_reference
from tillstream.delivery.outbound_addresses import is_private, parse_ip_address
from tillstream.marts import destinations
from tillstream.marts.copy import copy_to_database
from tillstream.marts.destinations import MartDestination, MartDestinationDraft
from tillstream.marts.export import Exported, export_to_folder, folder_format
from tillstream.marts.mart_files import MANIFEST, PARQUET
from tillstream.marts.object_folder import ObjectExportFolder
from tillstream.marts.state import MartState
from tillstream.model.audit import AuditAction
from tillstream.model.errors import NotFound, Rejected, TillstreamError
from tillstream.optional_packages import need_package
from tillstream.ports.files import ExportFolder, TableLog
from tillstream.ports.objects import BucketObjects
from tillstream.ports.warehouse import ReadCopy
from tillstream.records import audit_log, data_version
from tillstream.records.jobs import run_each

CLOUD_STORAGE_PREFIX, S3_PREFIX = "gs://", "s3://"
DELTA_FORMAT = "delta"
MART_FORMATS = (PARQUET, DELTA_FORMAT)

COPY_SCHEMA = "tillstream"
NEEDS_POSTGRESQL = "A copy in PostgreSQL"
UNEXPECTED_ERROR = "An unexpected error; the log has it."


def export_folder(app: App, path: str, manifest: str) -> ExportFolder:
    """The folder at a path, at gs://BUCKET/FOLDER, or at s3://BUCKET/FOLDER.

    manifest: the name of the file that lists the others. Raises `Rejected` for addresses of other stores, without
    Google's libraries or credentials, and for a folder in which nothing may be written.
    """
    if path.startswith((CLOUD_STORAGE_PREFIX, S3_PREFIX)):
        scheme, _, rest = path.partition("://")
        name, _, prefix = rest.partition("/")
        objects = s3_objects() if path.startswith(S3_PREFIX) else source_access(app).cloud_storage()
        return ObjectExportFolder(objects, f"{scheme}://{name}", prefix, manifest, app.ports.clock.now)
    if "://" in path:
        raise Rejected(
            "An export is written to a folder, to gs://BUCKET/FOLDER or to s3://BUCKET/FOLDER. Copy a folder to other "
            "stores."
        )
    check_output(app.settings, path)
    return LocalExportFolder(Path(path), manifest)


def s3_objects() -> BucketObjects:
    """The objects of S3 with the credentials of this machine. Raises `Rejected`."""
    need_package("boto3", "An export to S3")
    from tillstream.adapters.s3.bucket_objects import connect_s3  # lazy: only exports to S3 need its library

    return connect_s3()


def delta_log(path: str) -> TableLog:
    """The logs of Delta tables in a folder. Raises `Rejected` without their library, and for a bucket."""
    if "://" in path:
        raise Rejected("Delta tables are exported to a folder. Copy it to the bucket, or export plain files there.")
    need_package("deltalake", "An export as Delta tables")
    from tillstream.adapters.delta.table_log import DeltaTableLog

    return DeltaTableLog(Path(path))


def export_marts_to(
    app: App,
    path: str,
    only: Collection[str] = (),
    *,
    location: str = "",
    table_format: str = "",
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[str, str, Exported]:
    """Export to the folder at a path or an address; return its whole path, the format, and what was exported.

    only, location, progress: as in `export_to_folder`. table_format: empty: that of the last export to the folder.
    Raises as `export_folder`, `delta_log` and `export_to_folder`.
    """
    folder = export_folder(app, path, MANIFEST)
    table_format = table_format or folder_format(folder)
    log = delta_log(folder.path) if table_format == DELTA_FORMAT else None
    return (
        folder.path,
        table_format,
        export_to_folder(app.ports.warehouse, folder, only, location=location, log=log, progress=progress),
    )


def open_read_copy(app: App, url: str, password: str, schema: str) -> ReadCopy:
    """The copy in a schema of a database. password: a reference.

    The rules of connectors apply to the address, and to files that the URL names. Raises `Rejected` for a URL, an
    address, a credential or a schema that cannot be used; `Unavailable` for a host without an address.
    """
    need_package("psycopg", NEEDS_POSTGRESQL)
    from tillstream.adapters.postgresql.read_copy import PostgreSQLReadCopy  # lazy: only copies need its library

    address = parse_address(url)
    access = source_access(app)
    ip_address = access.check_host(address.host, address.port)
    if certificate := address.parameters.get("sslrootcert", ""):
        if certificate != "system":
            access.check_file(certificate)
    elif not is_private(parse_ip_address(ip_address)):
        address.parameters.setdefault("sslmode", "require")
    return PostgreSQLReadCopy(address, ip_address, access.credential(password), schema)


class _StoppedError(Exception):
    """The server ends: the run stops, and what the destination has stays."""


def add_mart_destination(app: App, draft: MartDestinationDraft, by: str) -> MartDestination:
    """Add a destination without connecting to it. Raises `Rejected`."""
    return destinations.add_destination(app.ports, _target(draft.to).check(app, draft), by)


def run_mart_destination(app: App, name: str, by: str = "", stopping: threading.Event | None = None) -> MartDestination:
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
        state = _target(destination.to).write(app, destination, progress)
    except _StoppedError:
        return destination
    except TillstreamError as error:
        destinations.note_failure(ports, name, started, str(error))
    except Exception:
        destinations.note_failure(ports, name, started, UNEXPECTED_ERROR)
        raise
    else:
        destinations.note_done(ports, name, started, version, state)
    return destinations.get_destination(ports, name)


def run_due_destinations(app: App, stopping: threading.Event | None = None) -> list[MartDestination]:
    """Write each destination that is due; return those that were written or failed. Raises as `run_each`."""

    def run(destination: MartDestination) -> MartDestination | None:
        with suppress(NotFound):  # removed meanwhile
            return run_mart_destination(app, destination.name, stopping=stopping)
        return None

    due = destinations.due_destinations(app.ports)
    return list(run_each(due, run, "Destinations with defects", stopping=stopping))


def _check_database(app: App, draft: MartDestinationDraft) -> MartDestinationDraft:  # noqa: ARG001 - as for folders
    need_package("psycopg", NEEDS_POSTGRESQL)
    parse_address(draft.to)
    check_reference(draft.password, "Password")
    if draft.format:
        raise Rejected("A database has no format. Leave it out.")
    return replace(draft, schema=draft.schema or COPY_SCHEMA)


def _check_folder(app: App, draft: MartDestinationDraft) -> MartDestinationDraft:
    if draft.password or draft.schema:
        raise Rejected("Only a database has a password and a schema. Leave them out.")
    if draft.format not in ("", *MART_FORMATS):
        raise Rejected(f"The format is one of: {', '.join(MART_FORMATS)}.")
    if "://" not in draft.to:
        if app.settings.project:
            raise Rejected("A project writes to a bucket or a database, because its folders end with their machine.")
        if not Path(draft.to).is_absolute():
            raise Rejected("Enter the whole path of the folder, such as /data/marts.")
    export_folder(app, draft.to, MANIFEST)
    if draft.format == DELTA_FORMAT:
        delta_log(draft.to)
    return draft


def _write_database(app: App, destination: MartDestination, progress: Callable[[int], None]) -> MartState:
    target = open_read_copy(app, destination.to, destination.password, destination.schema)
    return copy_to_database(app.ports.warehouse, target, progress=progress).record.state


def _write_folder(app: App, destination: MartDestination, progress: Callable[[int], None]) -> MartState:
    return export_marts_to(app, destination.to, table_format=destination.format, progress=progress)[2].manifest.state


@dataclass(frozen=True)
class MartTarget:
    """What an address names. check: the destination as it is stored; raises `Rejected`. write: up to a state."""

    check: Callable[[App, MartDestinationDraft], MartDestinationDraft]
    write: Callable[[App, MartDestination, Callable[[int], None]], MartState]


FOLDER = MartTarget(_check_folder, _write_folder)
TARGETS = dict.fromkeys(SCHEMES, MartTarget(_check_database, _write_database))
"""By the scheme of an address; those of others are folders."""


def _target(to: str) -> MartTarget:
    return TARGETS.get(to.partition("://")[0], FOLDER)
