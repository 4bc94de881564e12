"""A dashboard of a person: tiles that were pinned on Explore, in an order, each with a width."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Show(StrEnum):
    """What a tile shows of its exploration."""

    CHART = "chart"
    TABLE = "table"
    NUMBER = "number"


class Width(StrEnum):
    """Part of the page that a tile takes. On a phone each tile takes all of it."""

    THIRD = "third"
    HALF = "half"
    FULL = "full"


@dataclass(frozen=True)
class Tile:
    """`query`: the arguments of Explore, without the question mark."""

    id: str
    title: str
    query: str
    show: Show
    width: Width

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Tile":
        return cls(data["id"], data["title"], data["query"], Show(data["show"]), Width(data["width"]))


@dataclass(frozen=True)
class RemovedTile:
    """`place`: where it was, from 0."""

    tile: Tile
    place: int


@dataclass(frozen=True)
class Owner:
    """`account`: when the account was created, so that a later one of the same name does not inherit anything."""

    login: str
    account: str


@dataclass(frozen=True)
class OwnDashboard:
    """`tiles`: in their order. `removed`: the tiles that were removed last, the latest at the end. `removed_at`: empty
    unless the whole dashboard is removed."""

    id: str
    owner: Owner
    name: str
    shared: bool
    tiles: tuple[Tile, ...]
    removed: tuple[RemovedTile, ...]
    created_at: str
    removed_at: str = ""

    @property
    def address(self) -> str:
        return f"/dashboards/{self.id}"

    def is_visible_to(self, reader: Owner) -> bool:
        return not self.removed_at and (self.shared or self.owner == reader)

    def data(self) -> dict[str, Any]:
        """As a document."""
        return {
            "login": self.owner.login,
            "account": self.owner.account,
            "name": self.name,
            "shared": self.shared,
            "tiles": [_data(one) for one in self.tiles],
            "removed": [{"tile": _data(one.tile), "place": one.place} for one in self.removed],
            "created_at": self.created_at,
            "removed_at": self.removed_at,
        }

    def audited(self) -> dict[str, Any]:
        return {"name": self.name, "shared": self.shared, "tiles": [_data(one) for one in self.tiles]}


def of_document(id: str, data: Mapping[str, Any]) -> OwnDashboard:
    return OwnDashboard(
        id,
        Owner(data["login"], data["account"]),
        data["name"],
        data["shared"],
        tuple(map(Tile.of, data["tiles"])),
        tuple(RemovedTile(Tile.of(one["tile"]), one["place"]) for one in data["removed"]),
        data["created_at"],
        data["removed_at"],
    )


def _data(tile: Tile) -> dict[str, str]:
    return {
        "id": tile.id,
        "title": tile.title,
        "query": tile.query,
        "show": tile.show.value,
        "width": tile.width.value,
    }
