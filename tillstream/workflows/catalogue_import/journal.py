"""Apply an import: a journal and the planned entries are stored first, then the entries are written in chunks.

A stopped import is resumed by the sweep. Until it is complete, the catalogue accepts no other change.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass
from itertools import islice, starmap

from tillstream.catalogue import records, saving
from tillstream.catalogue.products import codes_of
from tillstream.catalogue.records import STATE, STATE_ID, Stored
from tillstream.domain.catalogue.entries import Product
from tillstream.model import audit
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.events import STAGING
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put
from tillstream.records import audit_log, losses
from tillstream.records.batch_registration import digest_of_stream
from tillstream.records.losses import Loss, LossKind
from tillstream.workflows.catalogue_import.kinds import ENTRY_KINDS
from tillstream.workflows.catalogue_import.plan import Plan

COLLECTION = "catalogue_imports"
APPLYING, DONE = "applying", "done"


@dataclass(frozen=True)
class AppliedImport:
    """A completed import. `at`: ISO 8601 UTC text."""

    id: str
    kind: str
    file: str
    by: str
    at: str
    added: int
    changed: int


def apply(ports: Ports, plan: Plan, *, file: str, by: str) -> AppliedImport:
    """Apply a plan without problems. Raises `Rejected` if it has some, and `Conflict` if the catalogue has changed
    since it was planned."""
    if plan.problems:
        raise Rejected(f"The file has {len(plan.problems)} problems, so nothing was imported.")
    import_id = secrets.token_hex(8)
    journal = {
        "kind": plan.kind.value,
        "file": file,
        "by": by,
        "at": ports.clock.now().isoformat(timespec="seconds"),
        "added": plan.added,
        "changed": plan.changed,
        "done": 0,
        "revision": plan.revision + 1,
        "state": APPLYING if plan.changes else DONE,
    }
    if not plan.changes:
        return _applied(Document(import_id, journal, 1))
    journal["sha256"] = _write_changes(ports, import_id, plan, by)
    counts = {"file": file, "added": plan.added, "changed": plan.changed}
    ports.documents.put_all(
        [
            Put(STATE, STATE_ID, {"revision": plan.revision + 1, "import": import_id}, if_version=plan.state_version),
            Put(COLLECTION, import_id, journal, if_version=0),
            audit_log.entry(ports, by, audit.AuditAction.CATALOGUE_IMPORTED, plan.kind.value, None, counts),
        ]
    )
    return _continue(ports, import_id)


def resume(ports: Ports) -> AppliedImport | None:
    """Complete an import that was stopped, if there is one. Idempotent; others may resume it at the same time.

    One whose remaining changes are lost ends where it is, and is recorded as a loss.
    """
    import_id = str(records.state(ports).data["import"])
    if not import_id:
        return None
    if not _is_whole(ports, import_id):
        return _give_up(ports, import_id)
    return _continue(ports, import_id)


def get(ports: Ports, import_id: str) -> AppliedImport | None:
    document = ports.documents.get(COLLECTION, import_id)
    return _applied(document) if document else None


def object_name(import_id: str) -> str:
    return f"catalogue/{import_id}.jsonl"


def _is_whole(ports: Ports, import_id: str) -> bool:
    """Whether the changes of an import are as they were written; also if it is done."""
    journal = ports.documents.get(COLLECTION, import_id)
    if journal is None or journal.data["state"] == DONE:
        return True
    try:
        with ports.objects.open(STAGING, object_name(import_id)) as stream:
            return journal.data.get("sha256", "") in {"", digest_of_stream(stream)}
    except NotFound:
        # another process may have completed it meanwhile
        journal = ports.documents.get(COLLECTION, import_id)
        return journal is None or journal.data["state"] == DONE
    except OSError:
        return False


def _give_up(ports: Ports, import_id: str) -> AppliedImport:
    """End an import whose remaining changes are lost. Idempotent."""
    journal = ports.documents.get(COLLECTION, import_id)
    if journal is None:
        raise Rejected(f"The import {import_id} has no journal.")
    data, total = journal.data, journal.data["added"] + journal.data["changed"]
    message = f"The import of {data['file']} stopped after {data['done']:,} of {total:,} changes. The rest is lost."
    losses.report_losses(ports, Loss(LossKind.STATE, object_name(import_id), message, "Import the file again."))
    state = Put(STATE, STATE_ID, {"revision": data["revision"], "import": ""}, if_version=records.state(ports).version)
    try:
        ports.documents.put_all([Put(COLLECTION, import_id, data | {"state": DONE}, if_version=journal.version), state])
    except Conflict:
        return _continue(ports, import_id)
    return _applied(journal)


def _write_changes(ports: Ports, import_id: str, plan: Plan, by: str) -> str:
    """Write the documents of each change as a line of JSON; return the SHA-256."""
    sha256 = hashlib.sha256()
    kind, revision = ENTRY_KINDS[plan.kind], plan.revision + 1
    with ports.objects.writer(STAGING, object_name(import_id), if_generation=0) as out:
        for change in plan.changes:
            codes = _freed(plan, change.before)
            puts = saving.puts_of(
                ports, kind, change.after, change.before, revision, by, import_id=import_id, codes=codes
            )
            line = [[put.collection, put.id, put.data, put.if_version] for put in puts]
            text = (json.dumps(line, ensure_ascii=False) + "\n").encode()
            sha256.update(text)
            out.write(text)
    return sha256.hexdigest()


def _freed(plan: Plan, before: Stored | None) -> dict[tuple[str, str], str]:
    """Codes of the stored product that another product has after the import, with that product."""
    if before is None or not isinstance(before.entry, Product):
        return {}
    return {
        key: plan.codes[key] for key in codes_of(before.entry) if plan.codes.get(key, "") not in ("", before.entry.code)
    }


def _continue(ports: Ports, import_id: str) -> AppliedImport:
    while True:
        journal = ports.documents.get(COLLECTION, import_id)
        if journal is None:
            raise Rejected(f"The import {import_id} has no journal.")
        if journal.data["state"] == DONE:
            return _applied(journal)
        try:
            return _apply_from(ports, journal)
        except Conflict:  # another process is applying it, too: continue where that one is
            continue


def _apply_from(ports: Ports, journal: Document) -> AppliedImport:
    """Write the remaining entries in chunks, each together with the progress. Raises `Conflict`."""
    data, version = dict(journal.data), journal.version
    chunk: list[Put] = []
    with ports.objects.open(STAGING, object_name(journal.id)) as stream:
        for line in islice(stream, data["done"], None):
            puts = list(starmap(Put, json.loads(line)))
            if chunk and len(chunk) + len(puts) >= saving.CHUNK_PUTS:
                ports.documents.put_all([*chunk, Put(COLLECTION, journal.id, dict(data), if_version=version)])
                version, chunk = version + 1, []
            chunk += puts
            data["done"] += 1
    data["state"] = DONE
    state = Put(STATE, STATE_ID, {"revision": data["revision"], "import": ""}, if_version=records.state(ports).version)
    ports.documents.put_all([*chunk, Put(COLLECTION, journal.id, data, if_version=version), state])
    ports.objects.delete(STAGING, object_name(journal.id))
    return _applied(Document(journal.id, data, version + 1))


def _applied(journal: Document) -> AppliedImport:
    data = journal.data
    names = ("kind", "file", "by", "at", "added", "changed")
    return AppliedImport(journal.id, **{name: data[name] for name in names})
