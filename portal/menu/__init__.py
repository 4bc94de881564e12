"""The menu of a page: entries that the current user may open, the tabs of each, and numbers of open items."""

from dataclasses import dataclass

from flask import g

from portal import navigation
from portal.navigation import ENTRIES, Area, Entry


@dataclass(frozen=True)
class Tab:
    """An area as the current user sees it. `waits`: number of its open items."""

    area: Area
    waits: int


@dataclass(frozen=True)
class Shown:
    """An entry as the current user sees it. `tabs`: one or more; with one, the entry has the label of its area."""

    entry: Entry
    tabs: tuple[Tab, ...]

    @property
    def label(self) -> str:
        return self.entry.name if len(self.tabs) > 1 else self.tabs[0].area.label

    @property
    def endpoint(self) -> str:
        """Endpoint of the page that the entry opens."""
        return self.tabs[0].area.endpoint

    @property
    def waits(self) -> int:
        return sum(tab.waits for tab in self.tabs)


def entries() -> list[Shown]:
    """Entries of which the current user may see an area, in menu order. Open items are counted once for each page."""
    if "menu_entries" not in g:
        areas = navigation.shown()
        tabs = {
            entry: tuple(Tab(one, one.count() if one.count else 0) for one in areas if one.entry == entry.name)
            for entry in ENTRIES
        }
        g.menu_entries = [Shown(entry, several) for entry, several in tabs.items() if several]
    shown: list[Shown] = g.menu_entries
    return shown


def here() -> Shown | None:
    """Entry of this page."""
    area = navigation.here()
    return next((one for one in entries() if area and one.entry.name == area.entry), None)


def areas_of(name: str) -> list[Area]:
    """Areas of an entry that is not in the menu, such as Help."""
    return [tab.area for one in entries() if one.entry.name == name for tab in one.tabs]
