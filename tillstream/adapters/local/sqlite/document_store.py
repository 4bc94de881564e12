"""Documents as JSON rows in SQLite, with compare-and-set by version."""

import json
import re
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tillstream.adapters.local.sqlite.connection import DamagedDatabase, SQLiteFile, salvage_file
from tillstream.model import json_text
from tillstream.model.errors import Conflict, Rejected
from tillstream.ports.documents import Document, Put
from tillstream.ports.files import FileFinding, LostContent

SORTED = ("received_seq", "settlement_no", "undone_no")
"""Fields by which documents are found and sorted; documents without the field are in the index, too."""
MATCHED = (
    *(
        "state",
        "kind",
        "parent",
        "contract",
        "sha256",
        "generation",
        "who",
        "what",
        "subject",
        "login",
        "link",
        "entry",
    ),
    "revision",
)
"""Fields by which documents are found; documents without the field are not in the index, which makes writing cheap."""
LISTED = ("kind", "state")
"""Those of `MATCHED` by which documents are also sorted by `received_seq`: an index of both, so that the first page of
a list reads no other documents."""
INDEXED = (*SORTED, *MATCHED)
LOST_COMMITS = (
    "The log of documents.sqlite was damaged. Its last changes, such as decisions, accounts and entries of the audit "
    "log, are lost; uploads are recorded again."
)
LOST_REMEDY = "Check the last decisions and accounts, or restore a backup."
FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

INSERT = (
    "INSERT INTO documents (collection, id, version, data, checksum) VALUES (?, ?, 1, ?, ?) "
    "ON CONFLICT (collection, id) DO "
)
UPDATE = "UPDATE SET version = version + 1, data = excluded.data, checksum = excluded.checksum"
COLUMNS = {"documents": {"checksum": "INTEGER"}}
"""Columns that files of earlier versions lack; rows that they wrote have no checksum."""


def _json_value(field: str) -> str:
    if not FIELD.fullmatch(field):
        raise Rejected(f"{field!r} is not a searchable field.")
    return f"json_extract(data, '$.{field}')"


SCHEMA = (
    """CREATE TABLE IF NOT EXISTS documents (
        collection TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, data TEXT NOT NULL,
        checksum INTEGER, PRIMARY KEY (collection, id))""",
    *(f"CREATE INDEX IF NOT EXISTS by_{name} ON documents (collection, {_json_value(name)}, id)" for name in SORTED),
    *(
        f"CREATE INDEX IF NOT EXISTS having_{name} ON documents (collection, {_json_value(name)}, id)"
        f" WHERE {_json_value(name)} IS NOT NULL"
        for name in MATCHED
    ),
    *(
        f"CREATE INDEX IF NOT EXISTS listed_{name} ON documents"
        f" (collection, {_json_value(name)}, {_json_value('received_seq')}, id) WHERE {_json_value(name)} IS NOT NULL"
        for name in LISTED
    ),
    *(f"DROP INDEX IF EXISTS by_{name}" for name in MATCHED),  # of earlier versions
)


class SQLiteDocumentStore:
    """Documents without the field of `order_by` sort first; `descending` reverses the whole order."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._file = SQLiteFile(path, SCHEMA, read_only=read_only, columns=COLUMNS)
        self._checksum = "checksum" if self._file.has("documents", "checksum") else "NULL"
        self.findings: list[FileFinding] = []
        """What was found when it was opened."""
        if self._file.lost_commits:
            self.findings.append(FileFinding(f"{path.name}-wal", LOST_COMMITS, LOST_REMEDY, LostContent.STATE))

    def check(self) -> list[FileFinding]:
        """Read every page and every document. Raises `DamagedDatabase` if one has changed, `Unavailable`."""
        self._file.check()
        for collection, *row in self._file.stream("documents", f"collection, id, data, version, {self._checksum}"):
            self._document(collection, row)
        return []

    def get(self, collection: str, id: str) -> Document | None:
        rows = self._file.rows(
            f"SELECT id, data, version, {self._checksum} FROM documents WHERE collection = ? AND id = ?",
            (collection, id),
        )
        return self._document(collection, rows[0]) if rows else None

    def _document(self, collection: str, row: Sequence[Any]) -> Document:
        """The document of a row. Raises `DamagedDatabase` if it is not as it was written."""
        key, data, version, checksum = row
        if checksum is not None and checksum != _sum(data):
            raise DamagedDatabase(self._file.path, f"the document {collection}/{key} is not as it was written")
        return Document(key, json_text.decode_json(data), version)

    def put(self, collection: str, id: str, data: Mapping[str, Any], *, if_version: int | None = None) -> Document:
        return self.put_all([Put(collection, id, data, if_version)])[0]

    def put_all(self, puts: Sequence[Put]) -> list[Document]:
        with self._file.transaction() as sqlite:
            return [_write(sqlite, put) for put in puts]

    def delete(self, collection: str, id: str, *, if_version: int | None = None) -> None:
        with self._file.transaction() as sqlite:
            if if_version is not None:
                sql = "SELECT version FROM documents WHERE collection = ? AND id = ?"
                row = sqlite.execute(sql, (collection, id)).fetchone()
                if (row[0] if row else 0) != if_version:
                    raise Conflict(f"{collection}/{id} is no longer at version {if_version}.")
            sqlite.execute("DELETE FROM documents WHERE collection = ? AND id = ?", (collection, id))

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
        condition, params = _condition(collection, where)
        for operator, bound in ((">", above), ("<", below)):
            if bound is not None:
                condition += f" AND id {operator} ?"
                params.append(bound)
        direction = "DESC" if descending else "ASC"
        # SQLite would read all documents by the index of the order, rather than sort those of the other index.
        unindexed = "+" if ({*MATCHED} - {*LISTED}) & {*(where or ())} else ""
        order = f"{unindexed}{_json_value(order_by)} {direction}, id {direction}" if order_by else f"id {direction}"
        columns = f"id, data, version, {self._checksum}"
        sql = f"SELECT {columns} FROM documents WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?"
        rows = self._file.rows(sql, [*params, -1 if limit is None else limit, offset])
        return [self._document(collection, row) for row in rows]

    def count(self, collection: str, where: Mapping[str, str | int | bool] | None = None) -> int:
        condition, params = _condition(collection, where)
        return int(self._file.rows(f"SELECT count(*) FROM documents WHERE {condition}", params)[0][0])

    def remove_changed(self) -> int:
        """Remove the documents that are not as they were written; return how many."""
        changed = []
        for collection, *row in self._file.stream("documents", f"collection, id, data, version, {self._checksum}"):
            try:
                self._document(collection, row)
            except (DamagedDatabase, ValueError):
                changed.append((collection, row[0]))
        for place in changed:
            self.delete(*place)
        return len(changed)

    def close(self) -> None:
        self._file.close()


def _write(sqlite: sqlite3.Connection, put: Put) -> Document:
    text = json.dumps(dict(put.data), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    values = (text, _sum(text))
    if put.if_version:
        sql = """UPDATE documents SET version = version + 1, data = ?, checksum = ? WHERE collection = ? AND id = ?
            AND version = ? RETURNING version"""
        rows = sqlite.execute(sql, (*values, put.collection, put.id, put.if_version)).fetchall()
    else:
        sql = INSERT + (UPDATE if put.if_version is None else "NOTHING") + " RETURNING version"
        rows = sqlite.execute(sql, (put.collection, put.id, *values)).fetchall()
    if not rows:
        raise Conflict(f"{put.collection}/{put.id} is no longer at version {put.if_version}.")
    return Document(put.id, json_text.decode_json(text), rows[0][0])


def salvage_documents(path: Path, aside: Path) -> FileFinding | None:
    """Replace a damaged file that nothing has open by one with the documents that are readable; None if it is whole.

    Raises `Unavailable`.
    """
    try:
        with closing(SQLiteDocumentStore(path)) as documents:
            documents.check()
    except DamagedDatabase as damaged:
        salvaged = salvage_file(path, SCHEMA, aside)
        with closing(SQLiteDocumentStore(path)) as documents:
            changed = documents.remove_changed()
        message = (
            f"{path.name} was damaged ({damaged.reason}) and is kept as {aside.name}. Documents taken from it into a "
            f"new one: {salvaged.rows['documents'] - changed:,}. Accounts, tokens, keys of stores, decisions and parts "
            "of the audit log may be missing."
        )
        return FileFinding(
            aside.name,
            message,
            "Check the accounts, tokens and keys of stores, or restore a backup.",
            LostContent.STATE,
        )
    return None


def _sum(text: str) -> int:
    return zlib.crc32(text.encode())


def _condition(collection: str, where: Mapping[str, str | int | bool] | None) -> tuple[str, list[Any]]:
    parts, params = ["collection = ?"], list[Any]([collection])
    for field, value in (where or {}).items():
        parts.append(f"{_json_value(field)} = ?")
        params.append(value)
        if value in (0, 1) or str(value).startswith(("[", "{")):  # SQLite reads true as 1 and a list as text
            kind = str(value).lower() if isinstance(value, bool) else "integer" if isinstance(value, int) else "text"
            parts.append(f"json_type(data, '$.{field}') = '{kind}'")
    return " AND ".join(parts), params
