"""A backup of a Google project is put back into the project."""

from contextlib import closing
from functools import partial
from typing import Any

from tillstream.adapters.google.backup import documents as backup_documents
from tillstream.adapters.google.backup import manifest as backup_manifest
from tillstream.adapters.google.backup import tables as backup_tables
from tillstream.adapters.google.backup.manifest import DOCUMENTS, LIST, MANIFEST, Manifest, Original
from tillstream.adapters.google.backup.place import Place
from tillstream.app.google.backup import Tell, check_whole, summary
from tillstream.app.google.build import build
from tillstream.app.google.dataset import dataset_of
from tillstream.batches import freshness, records
from tillstream.domain.errors import NotFound, Rejected
from tillstream.domain.events import INBOX
from tillstream.domain.object_names import restored
from tillstream.settings import Settings


def bring_back(settings: Settings, address: str, *, replace: bool, tell: Tell = lambda _: None) -> dict[str, Any]:
    """Put a backup into the project, which was deployed; checked whole before anything is changed. Repeatable.

    Raises `Rejected`: it is damaged or no backup, or the project holds something and `replace` is not said.
    """
    place = Place(settings.project, address)
    manifest, originals, files = _checked(place)
    with closing(build(settings)) as app, closing(dataset_of(settings)) as dataset:
        (held,) = app.ports.warehouse.query("SELECT COUNT(*) AS n FROM batches").to_pylist()
        if not replace and (held["n"] or app.ports.documents.count(records.COLLECTION)):
            raise Rejected(
                f"The project {settings.project} holds {held['n']:,} batches already. Say --replace to put the backup "
                "in their place; make a backup of what is there first."
            )
        moved = _originals_back(settings.buckets[INBOX], place, originals, tell)
        addresses = {
            name: [f"{place.address}/{each}" for each in manifest.objects_of(name)] for name in manifest.tables
        }
        backup_tables.bring_back(dataset, manifest.tables, addresses)
        with place.open(DOCUMENTS) as lines:
            backup_documents.bring_back(settings.project, app.ports.documents, lines, partial(_follow, moved))
        freshness.tell(app.ports.documents)
    return {"home": f"The project {settings.project}", "set_aside": "", "files": files} | summary(manifest)


def _checked(place: Place) -> tuple[Manifest, list[Original], int]:
    try:
        with place.open(MANIFEST) as stream:
            manifest = backup_manifest.read(stream.read())
        with place.open(LIST) as stream:
            originals = backup_manifest.originals(stream)
        held = place.held()
        check_whole(manifest, originals, held)
        with place.open(DOCUMENTS) as stream:
            count = sum(1 for _ in map(backup_documents.put, stream))
    except NotFound as error:
        raise Rejected(f"{place.address} is no whole backup: {error} Use another one.") from error
    if count != manifest.documents:
        raise Rejected(f"The backup holds {count} documents, not {manifest.documents}. Use another one.")
    return manifest, originals, len(held) - 1


def _originals_back(
    inbox: str, place: Place, originals: list[Original], tell: Tell
) -> dict[tuple[str, int], tuple[str, int]]:
    """Where the records' originals lie now that the inbox lost, by what their records say of them.

    One without a record arrived just before the backup: it comes back under its own name, and arrives again.
    """
    recorded = set()
    with place.open(DOCUMENTS) as stream:
        for document in map(backup_documents.put, stream):
            if document.collection == records.COLLECTION:
                recorded.add((document.data["object"], document.data["generation"]))
    there = set(place.versions(inbox))
    lost = [
        (one, restored(one.name, one.generation) if (one.name, one.generation) in recorded else one.name)
        for one in originals
        if one not in there
    ]
    names = dict(lost)
    given = place.give_back(inbox, lost, tell)
    return {(one.name, one.generation): (names[one], generation) for one, generation in given.items()}


def _follow(moved: dict[tuple[str, int], tuple[str, int]], collection: str, data: dict[str, Any]) -> dict[str, Any]:
    """A batch's record, naming its original where it lies now."""
    if collection == records.COLLECTION and (now := moved.get((data["object"], data["generation"]))):
        data["object"], data["generation"] = now
    return data
