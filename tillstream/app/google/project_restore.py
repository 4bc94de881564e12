"""Restore a backup of a Google Cloud project."""

from contextlib import closing
from functools import partial

from tillstream.adapters.google import backup_contents
from tillstream.adapters.google.backup_folder import (
    DOCUMENTS,
    MANIFEST,
    ORIGINALS_LIST,
    BackupFolder,
    BackupManifest,
    OriginalObject,
    parse_originals,
    read_manifest,
)
from tillstream.app.google import project_tables
from tillstream.app.google.build import build_google
from tillstream.app.google.lazy_warehouse import dataset_of
from tillstream.app.google.project_backup import ReportBytes, backup_summary, check_whole_backup
from tillstream.model.document_json import ActionFacts, JsonObject
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.events import INBOX
from tillstream.model.object_names import restored_name
from tillstream.records import batch_records, data_version
from tillstream.settings import Settings


def restore_project(
    settings: Settings, address: str, *, replace: bool, report_bytes: ReportBytes = lambda _: None
) -> ActionFacts:
    """Restore a backup into a deployed project after a complete check. Idempotent.

    Nothing can be settled until the tables are restored and the sale index is rebuilt.

    Raises `Rejected` if the backup is damaged, or if the project has data and `replace` is False.
    """
    place = BackupFolder(settings.project, address)
    manifest, originals, files = _checked_backup(place)
    with closing(build_google(settings)) as app, closing(dataset_of(settings)) as dataset:
        (row,) = app.ports.warehouse.query("SELECT COUNT(*) AS n FROM batches").to_pylist()
        if not replace and (row["n"] or app.ports.documents.count(batch_records.BATCHES)):
            raise Rejected(
                f"The project {settings.project} already contains {row['n']:,} batches. To replace them with the "
                "backup, use --replace; make a backup of the existing data first."
            )
        moved = _restore_originals(settings.buckets[INBOX], place, originals, report_bytes)
        addresses = {
            name: [f"{place.address}/{object_name}" for object_name in manifest.objects_of(name)]
            for name in manifest.tables
        }
        project_tables.invalidate_sale_index(
            settings
        )  # before the tables change, so that nothing is settled with the days of others
        backup_contents.restore_tables(dataset, manifest.tables, addresses)
        project_tables.rebuild_sale_index(settings)
        with place.open(DOCUMENTS) as lines:
            backup_contents.restore_documents(settings.project, app.ports.documents, lines, partial(_relocated, moved))
        data_version.bump_data_version(app.ports.documents)
    return {"home": f"The project {settings.project}", "set_aside": "", "files": files, **backup_summary(manifest)}


def _checked_backup(place: BackupFolder) -> tuple[BackupManifest, list[OriginalObject], int]:
    try:
        with place.open(MANIFEST) as stream:
            manifest = read_manifest(stream.read())
        with place.open(ORIGINALS_LIST) as stream:
            originals = parse_originals(stream)
        held = place.held()
        check_whole_backup(manifest, originals, held)
        with place.open(DOCUMENTS) as stream:
            count = sum(1 for _ in map(backup_contents.parse_document_line, stream))
    except NotFound as error:
        raise Rejected(f"{place.address} is not a complete backup: {error} Use another backup.") from error
    if count != manifest.documents:
        raise Rejected(f"The backup contains {count} documents instead of {manifest.documents}. Use another backup.")
    return manifest, originals, len(held) - 1


def _restore_originals(
    inbox: str, place: BackupFolder, originals: list[OriginalObject], report_bytes: ReportBytes
) -> dict[tuple[str, int], tuple[str, int]]:
    """Restore originals missing from the inbox; return (name, generation) in the records → the new ones.

    An original without a record arrived just before the backup; it is restored under its own name and registered again.
    """
    recorded = set()
    with place.open(DOCUMENTS) as stream:
        for document in map(backup_contents.parse_document_line, stream):
            if document.collection == batch_records.BATCHES:
                recorded.add((document.data["object"], document.data["generation"]))
    current = set(place.versions(inbox))
    missing = [
        (one, restored_name(one.name, one.generation) if (one.name, one.generation) in recorded else one.name)
        for one in originals
        if one not in current
    ]
    names_by_original = dict(missing)
    generations = place.give_back(inbox, missing, report_bytes)
    return {(one.name, one.generation): (names_by_original[one], generation) for one, generation in generations.items()}


def _relocated(moved: dict[tuple[str, int], tuple[str, int]], collection: str, data: JsonObject) -> JsonObject:
    """Return a batch record with the current location of its original."""
    if collection == batch_records.BATCHES and (now := moved.get((data["object"], data["generation"]))):
        data["object"], data["generation"] = now
    return data
