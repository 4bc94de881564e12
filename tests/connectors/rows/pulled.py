"""Pull a source as the runs do: the cursor is saved after each item, and an item is stored once for each key."""

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from connectors import open_access
from connectors.open_access import OpenAccess

from tillstream.connectors import kind_table
from tillstream.connectors.source import ConnectionAccess, ConnectorSource, Cursor, SourceItem


def open_source(name: str, access: ConnectionAccess | None = None, /, **settings: str) -> ConnectorSource:
    return open_access.open_source(kind_table.find_kind(name), access or OpenAccess(), **settings)


class Connector:
    """files: content of each stored item, by key. stop_after: ends a run after as many items, as a crash does."""

    def __init__(self, name: str, access: ConnectionAccess | None = None, /, **settings: str) -> None:
        self.name, self.access, self.settings = name, access or OpenAccess(), settings
        self.cursor: Cursor = {}
        self.files: dict[str, bytes] = {}
        self.notes: list[str] = []
        self.behind: int | None = None

    def run(self, *, stop_after: int | None = None, loses_cursor: bool = False) -> list[bytes]:
        """The contents that the run stored. loses_cursor: the run ends before the cursor is saved."""
        stored = []
        source = open_source(self.name, self.access, **self.settings)
        try:
            for count, item in enumerate(source.pull(self.cursor), 1):
                if item.key not in self.files:
                    self.files[item.key] = self._read(item)
                    stored.append(self.files[item.key])
                if item.cursor is not None and not loses_cursor:
                    assert len(json.dumps(item.cursor)) <= 100_000
                    self.cursor = json.loads(json.dumps(item.cursor))
                    source.acknowledge(self.cursor)
                if count == stop_after:
                    break
            self.notes, self.behind = source.notes(), source.behind()
        finally:
            source.close()
        return stored

    @staticmethod
    def _read(item: SourceItem) -> bytes:
        with item.open() as stream:
            return stream.read()

    def rows(self, **options: Any) -> list[dict[str, str]]:
        return rows_of(self.run(**options))


def rows_of(files: list[bytes]) -> list[dict[str, str]]:
    return [row for file in files for row in csv.DictReader(io.StringIO(file.decode()))]


def values(rows: list[Mapping[str, str]], column: str) -> list[str]:
    return [row[column] for row in rows]
