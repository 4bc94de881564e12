"""Documents in Firestore, with compare-and-set through preconditions of one atomic commit.

A document stores our JSON as one string, so that it round-trips unchanged and needs no index; next to it, the map
`fields` holds its short top-level values, which can be searched.
"""

import json
import random
import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from google.api_core import exceptions as api_errors
from google.cloud import firestore
from google.cloud.firestore_v1.base_document import DocumentSnapshot
from google.cloud.firestore_v1.base_query import FieldFilter
from google.cloud.firestore_v1.field_path import FieldPath
from google.cloud.firestore_v1.query import Query

from tillstream.adapters.google.api_retries import RETRY, TIMEOUT, translate_errors
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Conflict, Rejected, Unavailable
from tillstream.ports.documents import Document, Put

MOST_BYTES = 1 << 20
"""Maximum size of a document, which is Firestore's own limit."""
SEARCHABLE_BYTES = 1500
"""Maximum size of a searchable string; Firestore indexes no more of it."""
FIELD = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]*")
NAME = FieldPath.document_id()
ATTEMPTS = 20
CHANCE = random.SystemRandom()
PAGE = 2_000
"""Documents per call."""


class FirestoreDocumentStore:
    """Documents in one database of a project. Google's library reads the address of the emulator."""

    def __init__(self, project: str, database: str = "(default)") -> None:
        self._client = firestore.Client(project=project, database=database)

    def get(self, collection: str, id: str) -> Document | None:
        (snapshot,) = self._read([self._reference(collection, id)])
        return _document(snapshot) if snapshot else None

    def put(self, collection: str, id: str, data: Mapping[str, Any], *, if_version: int | None = None) -> Document:
        return self.put_all([Put(collection, id, data, if_version)])[0]

    def put_all(self, puts: Sequence[Put]) -> list[Document]:
        """Raises `Rejected` for a document that is too large.

        After a lost response, the documents are read to see whether the write succeeded.
        """
        if not puts:
            return []
        references = [self._reference(put.collection, put.id) for put in puts]
        write_id = secrets.token_hex(8)
        contents = [_content(put) | {"write": write_id} for put in puts]
        for _ in _attempts(puts[0].collection):
            snapshots = self._read(references)
            versions = [snapshot.get("version") if snapshot else 0 for snapshot in snapshots]
            if any(snapshot and snapshot.get("write") == write_id for snapshot in snapshots):
                return [_written(put, version) for put, version in zip(puts, versions, strict=True)]
            for put, version in zip(puts, versions, strict=True):
                _check_version(put.collection, put.id, put.if_version, version)
            batch = self._client.batch()
            for reference, before, version, content in zip(references, snapshots, versions, contents, strict=True):
                if before:
                    unchanged = self._client.write_option(last_update_time=before.update_time)
                    batch.update(reference, content | {"version": version + 1}, unchanged)
                else:
                    batch.create(reference, content | {"version": 1})
            if self._commit(batch, puts[0].collection):
                return [_written(put, version + 1) for put, version in zip(puts, versions, strict=True)]
        raise AssertionError  # `_attempts` raises after the last one

    def delete(self, collection: str, id: str, *, if_version: int | None = None) -> None:
        reference = self._reference(collection, id)
        for _ in _attempts(collection):
            (snapshot,) = self._read([reference])
            _check_version(collection, id, if_version, snapshot.get("version") if snapshot else 0)
            batch = self._client.batch()
            if snapshot:
                batch.delete(reference, self._client.write_option(last_update_time=snapshot.update_time))
            if not snapshot or self._commit(batch, collection):
                return

    def find(
        self,
        collection: str,
        where: Mapping[str, str | int | bool] | None = None,
        *,
        order_by: str | None = None,
        descending: bool = False,
        limit: int | None = None,
        offset: int = 0,
        above: str | None = None,
        below: str | None = None,
    ) -> list[Document]:
        """Ascending ids use the order of document names, which every index contains; others the field `id`."""
        query = self._query(collection, where)
        for operator, bound in ((">", above), ("<", below)):
            if bound is not None:
                query = query.where(filter=FieldFilter("id", operator, bound))
        by_field = descending or above is not None or below is not None
        order = f"fields.{_name(order_by)}" if order_by else "id" if by_field else NAME
        direction = Query.DESCENDING if descending else Query.ASCENDING
        query = query.order_by(order, direction=direction)
        if order.startswith("fields."):
            query = query.order_by(NAME, direction=direction)
        field_paths = ["id", "version", "text", *([order] if order_by else [])]
        return [_document(snapshot) for snapshot in pages(query.select(field_paths).offset(offset), collection, limit)]

    def count(self, collection: str, where: Mapping[str, str | int | bool] | None = None) -> int:
        with translate_errors(f"The collection {collection}"):
            return int(self._query(collection, where).count().get(retry=RETRY, timeout=TIMEOUT)[0][0].value)

    def close(self) -> None:
        self._client.close()

    def _reference(self, collection: str, id: str) -> firestore.DocumentReference:
        return self._client.collection(collection).document(_key(id))

    def _read(self, references: Sequence[firestore.DocumentReference]) -> list[DocumentSnapshot | None]:
        with translate_errors("The documents"):
            snapshots = {
                snapshot.reference: snapshot
                for snapshot in self._client.get_all(references, retry=RETRY, timeout=TIMEOUT)
            }
        return [snapshots[reference] if snapshots[reference].exists else None for reference in references]

    def _commit(self, batch: firestore.WriteBatch, collection: str) -> bool:
        """Whether the write succeeded; False after a concurrent write or a lost response."""
        with translate_errors(f"The collection {collection}"):
            try:
                batch.commit(retry=RETRY, timeout=TIMEOUT)
            except (api_errors.Conflict, api_errors.FailedPrecondition, api_errors.NotFound):
                return False
        return True

    def _query(self, collection: str, where: Mapping[str, str | int | bool] | None) -> Query:
        query = self._client.collection(collection)
        for field, value in (where or {}).items():
            if not _is_searchable(value):
                raise Rejected(f"The value of {field} is too long to search for.")
            query = query.where(filter=FieldFilter(f"fields.{_name(field)}", "==", value))
        return query


def _attempts(collection: str) -> Iterator[int]:
    """Attempts with growing random pauses between them. Raises `Unavailable` after the last one."""
    for attempt in range(ATTEMPTS):
        yield attempt
        time.sleep(CHANCE.uniform(0, min(1.0, 0.01 * 2**attempt)))
    raise Unavailable(f"Too many processes write the same documents of {collection} at once.")


def pages(query: Query, collection: str, limit: int | None) -> Iterator[DocumentSnapshot]:
    """Yield the documents of an ordered query, requested in pages. Raises `Unavailable`."""
    remaining = limit
    while remaining is None or remaining > 0:
        size = PAGE if remaining is None else min(PAGE, remaining)
        with translate_errors(f"The collection {collection}"):
            page = query.limit(size).get(retry=RETRY, timeout=TIMEOUT)
        yield from page
        if len(page) < size:
            return
        query = query.offset(0).start_after(page[-1])
        remaining = None if remaining is None else remaining - size


def _check_version(collection: str, id: str, if_version: int | None, version: int) -> None:
    if if_version is not None and version != if_version:
        raise Conflict(f"{collection}/{id} is no longer at version {if_version}.")


def _key(id: str) -> str:
    """A valid document name for any id; injective, and in the order of code points."""
    return "=" + id.replace(".", ".0").replace("/", ".1")


def _content(put: Put) -> JsonObject:
    text = json.dumps(dict(put.data), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    fields = {name: value for name, value in put.data.items() if FIELD.fullmatch(name) and _is_searchable(value)}
    size = len(text.encode()) + sum(len(f"{name}{value}".encode()) + 16 for name, value in fields.items())
    if size + 2 * len(put.id.encode()) + 500 > MOST_BYTES:
        raise Rejected(
            f"{put.collection}/{put.id} has {size:,} bytes; the limit for a document is {MOST_BYTES:,} bytes."
        )
    return {"id": put.id, "text": text, "fields": fields}


def _is_searchable(value: Any) -> bool:
    if isinstance(value, str):
        return len(value.encode()) <= SEARCHABLE_BYTES
    return value is None or (isinstance(value, int) and -(1 << 63) <= value < 1 << 63)


def _name(field: str) -> str:
    if not FIELD.fullmatch(field):
        raise Rejected(f"{field!r} is not a searchable field.")
    return field


def _document(snapshot: DocumentSnapshot) -> Document:
    return Document(snapshot.get("id"), json.loads(snapshot.get("text")), snapshot.get("version"))


def _written(put: Put, version: int) -> Document:
    return Document(put.id, json.loads(json.dumps(dict(put.data))), version)
