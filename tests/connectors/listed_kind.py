"""A kind of connector for tests: the items are a list of JSON objects in a file, as another program would write it."""

import io
import json
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import pytest

from tillstream.connectors import kind_table
from tillstream.connectors.source import ConnectionAccess, ConnectorKind, Cursor, SourceItem, SourceSetting
from tillstream.model.errors import Rejected, Unavailable

NAME = "listed"
PASSWORD = "correct horse"


class ListedSource:
    """Each entry has text, and key and file, or is a page of rows with a cursor, or sales. An entry with an error
    raises it, one that is refused when it is opened. What is acknowledged is appended to a file next to the list."""

    def __init__(self, settings: Mapping[str, str], access: ConnectionAccess) -> None:
        self._list = Path(settings["list"])
        self._password = settings["password"]
        self._access = access
        self._left = 0

    def test(self) -> str:
        self._access.credential(self._password)
        return f"{len(self._entries())} items."

    def pull(self, cursor: Cursor) -> Iterator[SourceItem]:
        password = self._access.credential(self._password)
        start = cursor.get("next", 0)
        entries = self._entries()
        self._left = len(entries)
        for number, entry in enumerate(entries):
            self._left -= 1
            self._access.clock.sleep(entry.get("seconds", 0))
            if entry.get("error"):
                raise Unavailable(f"The server closed the connection of {password}: {entry['error']}")
            if entry.get("bug"):
                raise ZeroDivisionError(password)
            is_file = "key" in entry
            if not is_file and number < start:
                continue
            yield SourceItem(
                entry["key"] if is_file else f"page {entry['text']}",
                entry.get("file", "page.csv"),
                partial(open_entry, entry),
                None if is_file else {"next": number + 1},
                is_sales=entry.get("is_sales", False),
            )

    def acknowledge(self, cursor: Cursor) -> None:
        with self._list.with_suffix(".acknowledged").open("a", encoding="utf-8") as file:
            file.write(f"{cursor['next']}\n")

    def behind(self) -> int | None:
        return self._left

    def notes(self) -> list[str]:
        return [f"{entry['note']}" for entry in self._entries() if "note" in entry]

    def close(self) -> None:
        pass

    def _entries(self) -> list[dict[str, Any]]:
        if not self._list.exists():
            raise Unavailable(f"There is no list {self._list}.")
        entries: list[dict[str, Any]] = json.loads(self._list.read_text(encoding="utf-8"))
        return entries


def open_entry(entry: dict[str, Any]) -> BinaryIO:
    if entry.get("refused"):
        raise Rejected(entry["refused"])
    return io.BytesIO(entry["text"].encode())


def open_listed(settings: Mapping[str, str], access: ConnectionAccess) -> ListedSource:
    if not settings["list"].endswith(".json"):
        raise Rejected("The list is a .json file.")
    return ListedSource(settings, access)


KIND = ConnectorKind(
    NAME,
    "List",
    "Items of a list in a file.",
    (
        SourceSetting("list", "List", is_required=True),
        SourceSetting("order", "Order", default="oldest", choices=("oldest", "newest")),
        SourceSetting("sheet", "Sheet", resets_cursor=True),
        SourceSetting("password", "Password", is_credential=True),
    ),
    open_listed,
)


def module() -> ModuleType:
    """The module of the kind, as the table imports it."""
    result = ModuleType(f"tillstream.connectors.kinds.{NAME}")
    result.KIND = KIND  # type: ignore[attr-defined]
    return result


def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add the kind to the table for one test."""
    monkeypatch.setattr(kind_table, "MODULES", (*kind_table.MODULES, NAME))
    monkeypatch.setitem(sys.modules, f"tillstream.connectors.kinds.{NAME}", module())


def register_for_process() -> None:
    """Add the kind to the table of this process, which a test kills."""
    kind_table.MODULES = (*kind_table.MODULES, NAME)
    sys.modules[f"tillstream.connectors.kinds.{NAME}"] = module()


def write(path: Path, entries: list[dict[str, Any]]) -> None:
    path.write_text(json.dumps(entries), encoding="utf-8")
