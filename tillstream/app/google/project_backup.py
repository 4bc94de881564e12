"""Back up all data of a Google Cloud project into a bucket folder."""

import json
from collections.abc import Callable
from contextlib import closing
from importlib.metadata import version
from typing import Any

from tillstream.adapters.google import backup_contents
from tillstream.adapters.google.backup_folder import (
    DOCUMENTS,
    MANIFEST,
    ORIGINALS,
    ORIGINALS_LIST,
    TABLES,
    BackupFolder,
    BackupManifest,
    OriginalObject,
    check_backup,
)
from tillstream.app.google.lazy_warehouse import dataset_of
from tillstream.model.document_json import ActionFacts
from tillstream.model.errors import Rejected
from tillstream.model.events import INBOX
from tillstream.settings import Settings

ReportBytes = Callable[[int], None]


def backup_project(settings: Settings, out: str, report_bytes: ReportBytes) -> ActionFacts:
    """Write a backup into `out`, gs://BUCKET/FOLDER, which must be empty; documents and tables share one snapshot time.

    Raises `Rejected`, `Unavailable`; the folder then has no manifest and is not a backup.
    """
    place = BackupFolder(settings.project, out)
    if place.held():
        raise Rejected(f"{place.address} is not empty. Choose another folder.")
    with closing(dataset_of(settings)) as dataset:
        least = backup_contents.count_rows(dataset)
        at = backup_contents.current_time(dataset)
        count = 0

        def documents() -> Any:
            nonlocal count
            for line in backup_contents.document_lines(settings.project, at):
                count += 1
                report_bytes(len(line))
                yield line

        place.write(DOCUMENTS, documents())
        tables = backup_contents.export_tables(dataset, place.address, at, least)
    inbox = settings.buckets[INBOX]
    originals = place.keep(inbox, place.versions(inbox), report_bytes)
    place.write(ORIGINALS_LIST, (json.dumps(one._asdict()).encode() + b"\n" for one in originals))
    objects = place.held()
    manifest = BackupManifest(
        made_at=at.isoformat(timespec="seconds"),
        project=settings.project,
        dataset=settings.dataset,
        tillstream=version("tillstream"),
        documents=count,
        tables=tables,
        originals=len(originals),
        size=sum(kept.size for kept in objects.values()),
        parts={name: kept for name, kept in objects.items() if not name.startswith(f"{ORIGINALS}/")},
    )
    check_whole_backup(manifest, originals, objects)
    place.write(MANIFEST, [manifest.written()])
    return {"archive": place.address, "files": len(objects), **backup_summary(manifest)}


def check_whole_backup(manifest: BackupManifest, originals: list[OriginalObject], held: Any) -> None:
    check_backup(manifest, originals, held)
    for name, table in manifest.tables.items():
        if table.rows and not manifest.objects_of(name):
            raise Rejected(f"The rows of {TABLES}/{name} are missing from the backup. Use another backup.")


def backup_summary(manifest: BackupManifest) -> ActionFacts:
    return {
        "bytes": manifest.size,
        "made_at": manifest.made_at,
        "documents": manifest.documents,
        "rows": sum(table.rows for table in manifest.tables.values()),
        "originals": manifest.originals,
    }
