"""The composition root: everything that a Google project keeps, written into a folder of a bucket, and brought back."""

import json
from collections.abc import Callable
from contextlib import closing
from importlib.metadata import version
from typing import Any

from tillstream.adapters.google.backup import documents as backup_documents
from tillstream.adapters.google.backup import manifest as backup_manifest
from tillstream.adapters.google.backup import tables as backup_tables
from tillstream.adapters.google.backup.manifest import DOCUMENTS, LIST, MANIFEST, ORIGINALS, TABLES, Manifest, Original
from tillstream.adapters.google.backup.place import Place
from tillstream.app.google.dataset import dataset_of
from tillstream.domain.errors import Rejected
from tillstream.domain.events import INBOX
from tillstream.settings import Settings

Tell = Callable[[int], None]


def keep(settings: Settings, out: str, tell: Tell) -> dict[str, Any]:
    """Write a backup into `out`, gs://BUCKET/FOLDER, which must be empty; documents and tables are of one moment.

    Raises `Rejected`, `Unavailable`; then the folder holds no manifest, and so no backup.
    """
    place = Place(settings.project, out)
    if place.held():
        raise Rejected(f"{place.address} holds something already. Name another folder.")
    with closing(dataset_of(settings)) as dataset:
        least = backup_tables.lengths(dataset)
        at = backup_tables.moment(dataset)
        count = 0

        def documents() -> Any:
            nonlocal count
            for line in backup_documents.lines(settings.project, at):
                count += 1
                tell(len(line))
                yield line

        place.write(DOCUMENTS, documents())
        tables = backup_tables.export(dataset, place.address, at, least)
    inbox = settings.buckets[INBOX]
    originals = place.keep(inbox, place.versions(inbox), tell)
    place.write(LIST, (json.dumps(one._asdict()).encode() + b"\n" for one in originals))
    held = place.held()
    manifest = Manifest(
        made_at=at.isoformat(timespec="seconds"),
        project=settings.project,
        dataset=settings.dataset,
        tillstream=version("tillstream"),
        documents=count,
        tables=tables,
        originals=len(originals),
        size=sum(kept.size for kept in held.values()),
        parts={name: kept for name, kept in held.items() if not name.startswith(f"{ORIGINALS}/")},
    )
    check_whole(manifest, originals, held)
    place.write(MANIFEST, [manifest.written()])
    return {"archive": place.address, "files": len(held)} | summary(manifest)


def check_whole(manifest: Manifest, originals: list[Original], held: Any) -> None:
    backup_manifest.check(manifest, originals, held)
    for name, table in manifest.tables.items():
        if table.rows and not manifest.objects_of(name):
            raise Rejected(f"The backup lacks the rows of {TABLES}/{name}. Use another one.")


def summary(manifest: Manifest) -> dict[str, Any]:
    return {
        "bytes": manifest.size,
        "made_at": manifest.made_at,
        "documents": manifest.documents,
        "rows": sum(table.rows for table in manifest.tables.values()),
        "originals": manifest.originals,
    }
