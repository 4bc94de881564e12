"""A kind of connector whose source is in memory: files on a shelf, which can be locked."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from types import ModuleType

import pytest

from tillstream.connectors.kinds import table
from tillstream.connectors.source import Access, Cursor, Item, Kind, Setting
from tillstream.domain.errors import Rejected

NAME = "shelf"


@dataclass
class Shelf:
    """error: why it cannot be opened; empty if it can."""

    files: dict[str, bytes] = field(default_factory=dict)
    error: str = ""
    notes: list[str] = field(default_factory=list)


@dataclass
class ShelfSource:
    shelf: Shelf
    left: int = 0

    def test(self) -> str:
        if self.shelf.error:
            raise Rejected(self.shelf.error)
        return f"The shelf has {len(self.shelf.files)} files."

    def pull(self, cursor: Cursor) -> Iterator[Item]:
        self.test()
        for name, content in sorted(self.shelf.files.items()):
            yield Item(f"{name}/{hash(content)}", name, lambda content=content: BytesIO(content))

    def acknowledge(self, cursor: Cursor) -> None: ...

    def behind(self) -> int | None:
        return self.left

    def notes(self) -> list[str]:
        return self.shelf.notes

    def close(self) -> None: ...


def put_up(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Add the kind to the table until the test ends; return its shelf."""
    shelf = Shelf()

    def open_shelf(settings: Mapping[str, str], access: Access) -> ShelfSource:
        if settings["row"] == "0":
            raise Rejected("Row: shelves have rows from 1.")
        return ShelfSource(shelf)

    kind = Kind(
        NAME,
        "Shelf",
        "Pulls the files of a shelf.",
        (
            Setting("row", "Row", "The number of the row, for example 2.", is_required=True),
            Setting("key", "Key", "Opens the shelf.", is_credential=True),
            Setting("order", "Order", default="name", choices=("name", "age")),
            Setting("note", "Note", is_long=True),
        ),
        open_shelf,
    )
    module = ModuleType(f"{table.__package__}.{NAME}")
    module.__dict__["KIND"] = kind
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(table, "MODULES", (NAME,))
    return shelf
