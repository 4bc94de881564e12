"""Documents in Firestore, compare-and-set by preconditions of one atomic commit.

A document holds our JSON as one text, so that whatever JSON can say comes back as it was, and none of it costs an
index; beside it, in `fields`, stand its short top-level values, by which it can be found.
"""

import json
import random
import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from google.api_core import exceptions as told
from google.cloud import firestore
from google.cloud.firestore_v1.base_document import DocumentSnapshot
from google.cloud.firestore_v1.base_query import FieldFilter
from google.cloud.firestore_v1.field_path import FieldPath
from google.cloud.firestore_v1.query import Query

from tillstream.adapters.google.retries import RETRY, TRY, ours
from tillstream.domain.errors import Conflict, Rejected, Unavailable
from tillstream.ports.document_store import Document, Put

MOST_BYTES = 1 << 20
"""Of one document, which is Firestore's own limit."""
SEARCHED_BYTES = 1500
"""Of a text by which documents are found; Firestore indexes no more of it."""
FIELD = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]*")
NAME = FieldPath.document_id()
TRIES = 20
CHANCE = random.SystemRandom()
PAGE = 2_000
"""Documents read with one call."""


class FirestoreDocumentStore:
    """`database` is one of the project's; the emulator's address is read by Google's own library."""

    def __init__(self, project: str, database: str = "(default)") -> None:
        self._client = firestore.Client(project=project, database=database)

    def get(self, collection: str, id: str) -> Document | None:
        (seen,) = self._read([self._place(collection, id)])
        return _document(seen) if seen else None

    def put(self, collection: str, id: str, data: Mapping[str, Any], *, if_version: int | None = None) -> Document:
        return self.put_all([Put(collection, id, data, if_version)])[0]

    def put_all(self, puts: Sequence[Put]) -> list[Document]:
        """Raises `Rejected` for a document that is too large. An answer that was lost is looked for, not guessed."""
        if not puts:
            return []
        places = [self._place(put.collection, put.id) for put in puts]
        mine = secrets.token_hex(8)
        contents = [_content(put) | {"write": mine} for put in puts]
        for _ in _tries(puts[0].collection):
            seen = self._read(places)
            versions = [one.get("version") if one else 0 for one in seen]
            if any(one and one.get("write") == mine for one in seen):
                return [_written(put, version) for put, version in zip(puts, versions, strict=True)]
            for put, version in zip(puts, versions, strict=True):
                _expect(put.collection, put.id, put.if_version, version)
            batch = self._client.batch()
            for place, before, version, content in zip(places, seen, versions, contents, strict=True):
                if before:
                    unchanged = self._client.write_option(last_update_time=before.update_time)
                    batch.update(place, content | {"version": version + 1}, unchanged)
                else:
                    batch.create(place, content | {"version": 1})
            if self._commit(batch, puts[0].collection):
                return [_written(put, version + 1) for put, version in zip(puts, versions, strict=True)]
        raise AssertionError  # the tries end with an error of their own

    def delete(self, collection: str, id: str, *, if_version: int | None = None) -> None:
        place = self._place(collection, id)
        for _ in _tries(collection):
            (seen,) = self._read([place])
            _expect(collection, id, if_version, seen.get("version") if seen else 0)
            batch = self._client.batch()
            if seen:
                batch.delete(place, self._client.write_option(last_update_time=seen.update_time))
            if not seen or self._commit(batch, collection):
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
        """Ascending by id it takes the order of the names, which every index has; else that of the field `id`."""
        query = self._query(collection, where)
        for sign, bound in ((">", above), ("<", below)):
            if bound is not None:
                query = query.where(filter=FieldFilter("id", sign, bound))
        by_field = descending or above is not None or below is not None
        order = f"fields.{_name(order_by)}" if order_by else "id" if by_field else NAME
        way = Query.DESCENDING if descending else Query.ASCENDING
        query = query.order_by(order, direction=way)
        if order.startswith("fields."):
            query = query.order_by(NAME, direction=way)
        wanted = ["id", "version", "text", *([order] if order_by else [])]
        return [_document(one) for one in _pages(query.select(wanted).offset(offset), collection, limit)]

    def count(self, collection: str, where: Mapping[str, str | int | bool] | None = None) -> int:
        with ours(f"The collection {collection}"):
            return int(self._query(collection, where).count().get(retry=RETRY, timeout=TRY)[0][0].value)

    def close(self) -> None:
        self._client.close()

    def _place(self, collection: str, id: str) -> firestore.DocumentReference:
        return self._client.collection(collection).document(_key(id))

    def _read(self, places: Sequence[firestore.DocumentReference]) -> list[DocumentSnapshot | None]:
        with ours("The documents"):
            found = {one.reference: one for one in self._client.get_all(places, retry=RETRY, timeout=TRY)}
        return [found[place] if found[place].exists else None for place in places]

    def _commit(self, batch: firestore.WriteBatch, collection: str) -> bool:
        """Whether it was written; if not, somebody else was faster, or the answer to an earlier try was lost."""
        with ours(f"The collection {collection}"):
            try:
                batch.commit(retry=RETRY, timeout=TRY)
            except (told.Conflict, told.FailedPrecondition, told.NotFound):
                return False
        return True

    def _query(self, collection: str, where: Mapping[str, str | int | bool] | None) -> Query:
        query = self._client.collection(collection)
        for field, value in (where or {}).items():
            if not _searched(value):
                raise Rejected(f"Documents are not found by so long a {field}.")
            query = query.where(filter=FieldFilter(f"fields.{_name(field)}", "==", value))
        return query


def _tries(collection: str) -> Iterator[int]:
    """Pauses that grow, each random, between the tries of one that was overtaken. Raises `Unavailable` at the end."""
    for turn in range(TRIES):
        yield turn
        time.sleep(CHANCE.uniform(0, min(1.0, 0.01 * 2**turn)))
    raise Unavailable(f"Too many write the same documents of {collection} at once.")


def _pages(query: Query, collection: str, limit: int | None) -> Iterator[DocumentSnapshot]:
    left = limit
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        with ours(f"The collection {collection}"):
            page = query.limit(size).get(retry=RETRY, timeout=TRY)
        yield from page
        if len(page) < size:
            return
        query = query.offset(0).start_after(page[-1])
        left = None if left is None else left - size


def _expect(collection: str, id: str, if_version: int | None, version: int) -> None:
    if if_version is not None and version != if_version:
        raise Conflict(f"{collection}/{id} is not at version {if_version} any more.")


def _key(id: str) -> str:
    """A name that Firestore takes for every id; in the same order, by code points, and never the same for two."""
    return "=" + id.replace(".", ".0").replace("/", ".1")


def _content(put: Put) -> dict[str, Any]:
    text = json.dumps(dict(put.data), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    fields = {name: value for name, value in put.data.items() if FIELD.fullmatch(name) and _searched(value)}
    size = len(text.encode()) + sum(len(f"{name}{value}".encode()) + 16 for name, value in fields.items())
    if size + 2 * len(put.id.encode()) + 500 > MOST_BYTES:
        raise Rejected(f"{put.collection}/{put.id} has {size:,} bytes; a document holds no more than {MOST_BYTES:,}.")
    return {"id": put.id, "text": text, "fields": fields}


def _searched(value: Any) -> bool:
    if isinstance(value, str):
        return len(value.encode()) <= SEARCHED_BYTES
    return value is None or (isinstance(value, int) and -(1 << 63) <= value < 1 << 63)


def _name(field: str) -> str:
    if not FIELD.fullmatch(field):
        raise Rejected(f"{field!r} is not the name of a field that can be searched.")
    return field


def _document(seen: DocumentSnapshot) -> Document:
    return Document(seen.get("id"), json.loads(seen.get("text")), seen.get("version"))


def _written(put: Put, version: int) -> Document:
    return Document(put.id, json.loads(json.dumps(dict(put.data))), version)
