"""History of entries: who changed which field from what to what. Rows are only added."""

import secrets
from dataclasses import dataclass
from typing import Any

from tillstream.catalogue.records import document_id
from tillstream.domain.catalogue.entries import Entry, EntryKind
from tillstream.domain.catalogue.json_codec import to_json
from tillstream.ports import Ports
from tillstream.ports.documents import Put

COLLECTION = "catalogue_history"


@dataclass(frozen=True)
class Change:
    """A change of an entry. `before`, `after`: the changed fields only. `import_id`: empty unless imported."""

    at: str
    by: str
    version: int
    before: dict[str, Any]
    after: dict[str, Any]
    import_id: str = ""


def changed_fields(before: Entry | None, after: Entry) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that differ, as JSON before and after; the versions are left out, because they follow from these."""
    return _changed(to_json(before) if before else None, to_json(after))


def _changed(before: dict[str, Any] | None, new: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    old = before or {}
    names = [name for name in new if name != "versions" and old.get(name) != new[name]]
    if before is None:
        return {}, {name: new[name] for name in names if new[name] not in ("", [])}
    return {name: old.get(name) for name in names}, {name: new[name] for name in names}


def put(
    ports: Ports, entry: str, before: Entry | None, after: dict[str, Any], version: int, by: str, import_id: str
) -> Put:
    """The history entry of a change, to be written with it. entry: as of `subject_of`. after: the entry as JSON."""
    old, new = _changed(to_json(before) if before else None, after)
    data = {
        "entry": entry,
        "at": ports.clock.now().isoformat(timespec="seconds"),
        "by": by,
        "version": version,
        "before": old,
        "after": new,
        "import_id": import_id,
    }
    return Put(COLLECTION, f"{ports.clock.tick():016x}-{secrets.token_hex(4)}", data, if_version=0)


def find(ports: Ports, kind: EntryKind, *key: str, limit: int = 200) -> list[Change]:
    """The changes of an entry, newest first."""
    documents = ports.documents.find(COLLECTION, {"entry": subject_of(kind, *key)}, descending=True, limit=limit)
    return [Change(**{name: value for name, value in one.data.items() if name != "entry"}) for one in documents]


def subject_of(kind: EntryKind, *key: str) -> str:
    return subject_of_document(kind, document_id(*key))


def subject_of_document(kind: EntryKind, id: str) -> str:
    return f"{kind}:{id}"
