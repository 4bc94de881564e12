"""All documents of a project as lines of JSON, as of one moment, and their way back."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from google.cloud import firestore

from tillstream.adapters.google.firestore.document_store import NAME, PAGE
from tillstream.adapters.google.retries import RETRY, TRY, ours
from tillstream.domain.errors import Rejected
from tillstream.ports import DocumentStore
from tillstream.ports.document_store import Put

AT_ONCE, AT_ONCE_BYTES = 100, 2 << 20
"""Documents and bytes written by one commit, whose limit is 10 MiB."""
Change = Callable[[str, dict[str, Any]], dict[str, Any]]


def lines(project: str, at: datetime) -> Iterator[bytes]:
    """Each document: collection, id, data. at: within the last hour."""
    client = firestore.Client(project=project)
    try:
        with ours("The documents"):
            for collection in client.collections(retry=RETRY, timeout=TRY, read_time=at):
                for seen in _read(collection, at):
                    told = {"collection": collection.id, "id": seen.get("id"), "data": json.loads(seen.get("text"))}
                    yield json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
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


def put(told: bytes) -> Put:
    """The document of a line. Raises `Rejected`."""
    try:
        line = json.loads(told)
        return Put(line["collection"], line["id"], line["data"])
    except (ValueError, LookupError, TypeError) as error:
        raise Rejected("A document in the backup is damaged. Use another backup.") from error


def bring_back(project: str, documents: DocumentStore, told: Iterable[bytes], change: Change) -> int:
    """Write every document of these lines, then take away those that are not among them; how many were written.

    Versions go on growing, so that nobody takes a document of before for one of now. change: what becomes of a
    document's data. Repeatable.
    """
    count, known = 0, dict[str, set[str]]()
    for some in _portions(map(put, told)):
        documents.put_all([Put(one.collection, one.id, change(one.collection, dict(one.data))) for one in some])
        count += len(some)
        for one in some:
            known.setdefault(one.collection, set()).add(one.id)
    client = firestore.Client(project=project)
    try:
        with ours("The documents"):
            names = [collection.id for collection in client.collections(retry=RETRY, timeout=TRY)]
    finally:
        client.close()
    for collection in names:
        for document in documents.find(collection):
            if document.id not in known.get(collection, ()):
                documents.delete(collection, document.id)
    return count


def _portions(puts: Iterable[Put]) -> Iterator[list[Put]]:
    some, size = list[Put](), 0
    for one in puts:
        long = len(json.dumps(one.data))
        if some and (len(some) >= AT_ONCE or size + long > AT_ONCE_BYTES):
            yield some
            some, size = [], 0
        some.append(one)
        size += long
    if some:
        yield some
