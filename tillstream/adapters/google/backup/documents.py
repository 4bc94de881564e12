"""All documents of a project as lines of JSON, as of one point in time, and their restore.

The sale index is in neither: its documents can be hundreds of millions, and the ledger contains all that it is made of.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from google.cloud import firestore

from tillstream.adapters.google.firestore import sale_index
from tillstream.adapters.google.firestore.document_store import NAME, PAGE
from tillstream.adapters.google.retries import RETRY, TRY, translate_errors
from tillstream.domain.errors import Rejected
from tillstream.ports import DocumentStore
from tillstream.ports.document_store import Put

BATCH_SIZE, BATCH_BYTES = 100, 2 << 20
"""Documents and bytes per commit, whose limit is 10 MiB."""
REBUILT = frozenset({sale_index.COLLECTION, sale_index.STATE})
"""Collections that are not backed up, and that are rebuilt from the restored tables."""
Change = Callable[[str, dict[str, Any]], dict[str, Any]]


def lines(project: str, at: datetime) -> Iterator[bytes]:
    """Yield each document as JSON: collection, id, data. at: a point in time within the last hour."""
    client = firestore.Client(project=project)
    try:
        with translate_errors("The documents"):
            for collection in client.collections(retry=RETRY, timeout=TRY, read_time=at):
                if collection.id in REBUILT:
                    continue
                for snapshot in _read(collection, at):
                    line = {
                        "collection": collection.id,
                        "id": snapshot.get("id"),
                        "data": json.loads(snapshot.get("text")),
                    }
                    yield json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    finally:
        client.close()


def _read(collection: Any, at: datetime) -> Iterator[Any]:
    query = collection.select(["id", "text"]).order_by(NAME).limit(PAGE)
    while True:
        page = query.get(retry=RETRY, timeout=TRY, read_time=at)
        yield from page
        if len(page) < PAGE:
            return
        query = query.start_after(page[-1])


def parse_line(line: bytes) -> Put:
    """Parse one line into a write. Raises `Rejected`."""
    try:
        document = json.loads(line)
        return Put(document["collection"], document["id"], document["data"])
    except (ValueError, LookupError, TypeError) as error:
        raise Rejected("A document in the backup is damaged. Use another backup.") from error


def restore(project: str, documents: DocumentStore, backup_lines: Iterable[bytes], change: Change) -> int:
    """Write every document of these lines, then delete all others outside `REBUILT`; return the number written.

    Versions continue to grow, so that a restored document is never mistaken for the current one. change: transforms a
    document's data. Idempotent.
    """
    count, restored_ids = 0, dict[str, set[str]]()
    for batch in _batches(map(parse_line, backup_lines)):
        documents.put_all(
            [
                Put(restored.collection, restored.id, change(restored.collection, dict(restored.data)))
                for restored in batch
            ]
        )
        count += len(batch)
        for restored in batch:
            restored_ids.setdefault(restored.collection, set()).add(restored.id)
    client = firestore.Client(project=project)
    try:
        with translate_errors("The documents"):
            names = {collection.id for collection in client.collections(retry=RETRY, timeout=TRY)}
    finally:
        client.close()
    for collection in sorted(names - REBUILT):
        for document in documents.find(collection):
            if document.id not in restored_ids.get(collection, ()):
                documents.delete(collection, document.id)
    return count


def _batches(puts: Iterable[Put]) -> Iterator[list[Put]]:
    batch, size = list[Put](), 0
    for next_put in puts:
        length = len(json.dumps(next_put.data))
        if batch and (len(batch) >= BATCH_SIZE or size + length > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(next_put)
        size += length
    if batch:
        yield batch
