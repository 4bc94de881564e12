"""The regions, stores, salespeople and categories that can have goals: those with sales or in the catalogue."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from tillstream.catalogue import listing
from tillstream.domain.catalogue.entries import EntryKind, Product, Salesperson, Store
from tillstream.domain.goals.goal import WITHOUT, Level, Target
from tillstream.goals.sales import PLACES, Sales, target_of
from tillstream.model.text import did_you_mean
from tillstream.ports import Ports

YEARS = 2
"""Years of sales before a month whose names count."""


class UnknownName(Exception):
    """A name that has no sales and no entry in the catalogue."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Names:
    """What can have goals. Names of the catalogue by target; empty without one."""

    regions: Collection[str]
    """All that can have goals."""
    selling_regions: Collection[str]
    """Those with sales or stores; all regions if none has any."""
    stores: Mapping[Target, str]
    salespeople: Mapping[Target, str]
    categories: Collection[Target]

    def within(self, covers: Callable[[Target], bool]) -> "Names":
        """The names of the covered targets, and the regions that have one: no message names others."""
        own = [one for one in (*self.stores, *self.salespeople, *self.categories) if covers(one)]
        regions = {one.region for one in own} | {one for one in self.regions if covers(Target(one))}
        return Names(
            [one for one in self.regions if one in regions],
            [one for one in self.selling_regions if one in regions],
            {one: name for one, name in self.stores.items() if covers(one)},
            {one: name for one, name in self.salespeople.items() if covers(one)},
            {one for one in self.categories if covers(one)},
        )

    def of_level(self, level: Level) -> list[Target]:
        """All targets of a level, sorted."""
        match level:
            case Level.COMPANY:
                return [Target()]
            case Level.REGION:
                return [Target(region) for region in sorted(self.selling_regions)]
            case Level.STORE:
                return sorted(self.stores)
            case Level.SALESPERSON:
                return sorted(self.salespeople)
            case Level.CATEGORY:
                return sorted(self.categories)

    def find(self, region: str, store: str = "", salesperson: str = "", category: str = "") -> Target:
        """The target of codes or names. A salesperson of a single store needs no store. Raises `UnknownName`."""
        region = self._region(region) if region else ""
        if not region and (store or salesperson):
            raise UnknownName("region", "A store or salesperson needs its region.")
        if category:
            if store or salesperson:
                raise UnknownName("category", "A category can have a goal in a region, not in a store or for a person.")
            return self._category(region, category)
        place = self._store(region, store) if store else Target(region)
        return self._salesperson(place, salesperson) if salesperson else place

    def _region(self, text: str) -> str:
        matches = [one for one in self.regions if one.casefold() == text.casefold()]
        if not matches:
            raise UnknownName("region", f"There is no region “{text}”.{did_you_mean(text, self.regions)}")
        return text if text in matches else matches[0]

    def _store(self, region: str, text: str) -> Target:
        own = {one: name for one, name in self.stores.items() if one.region == region}
        matches = [one for one in own if one.store == text] or _by_name(own, text)
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise UnknownName("store", f"Several stores of {region} have the name “{text}”; write the code.")
        raise UnknownName("store", f"There is no store “{text}” in {region}.{did_you_mean(text, _words(own, 'store'))}")

    def _salesperson(self, place: Target, text: str) -> Target:
        own = {
            one: name
            for one, name in self.salespeople.items()
            if one.region == place.region and place.store in {"", one.store}
        }
        matches = [one for one in own if one.salesperson == text] or _by_name(own, text)
        people = {one.salesperson for one in matches}
        if len(matches) == 1:
            return matches[0]
        if len(people) == 1:
            stores = ", ".join(one.store for one in matches)
            raise UnknownName("store", f"“{text}” sells in several stores, {stores}; write the store.")
        if matches:
            raise UnknownName("salesperson", f"Several salespeople have the name “{text}”; write the code.")
        where = place.store or place.region
        likely = did_you_mean(text, _words(own, "salesperson"))
        raise UnknownName("salesperson", f"There is no salesperson “{text}” in {where}.{likely}")

    def _category(self, region: str, text: str) -> Target:
        own = [one.category for one in self.categories if one.region == region]
        matches = [one for one in own if one == text] or [one for one in own if one.casefold() == text.casefold()]
        if len(matches) != 1:
            where = f" in {region}" if region else ""
            raise UnknownName("category", f"There is no category “{text}”{where}.{did_you_mean(text, own)}")
        return Target(region, category=matches[0])


def read(ports: Ports, sales: Sales, regions: Iterable[str], day: date) -> Names:
    """The names that can have goals on a day: sold in the two years before it, or active in the catalogue."""
    first, last = day.replace(year=day.year - YEARS, day=1), max(day, sales.today)
    sold = {target_of(row) for row in sales.rows(("lines",), PLACES[Level.SALESPERSON], first, last)}
    in_categories = {target_of(row) for row in sales.rows(("lines",), ("region", "category"), first, last)}
    stores, salespeople = _catalogue(ports)
    sold_in = {Target(one.region, one.store): "" for one in sold if one.store != WITHOUT}
    people = {one: "" for one in sold if WITHOUT not in {one.store, one.salesperson}}
    categories = {one.category for one in in_categories} | {
        one.category for one in listing.entries(ports, EntryKind.PRODUCT).values() if isinstance(one, Product)
    }
    of_company = {Target(category=each) for each in categories - {"", WITHOUT}}
    selling = {one.region for one in (*sold, *stores)}
    every = {*regions, *selling}
    return Names(
        sorted(every),
        sorted(selling or every),
        sold_in | stores,
        _people(people, salespeople, sold_in | stores),
        of_company | {one for one in in_categories if one.category != WITHOUT},
    )


def _catalogue(ports: Ports) -> tuple[dict[Target, str], list[Salesperson]]:
    stores = [one for one in listing.entries(ports, EntryKind.STORE).values() if isinstance(one, Store) and one.active]
    people = listing.entries(ports, EntryKind.SALESPERSON).values()
    named = {Target(one.region, one.store_id): one.name for one in stores}
    return named, [one for one in people if isinstance(one, Salesperson) and one.active]


def _people(
    sold: Mapping[Target, str], entries: Iterable[Salesperson], stores: Mapping[Target, str]
) -> dict[Target, str]:
    """Salespeople by store: where they sold, and the stores that the catalogue assigns to them."""
    people = dict(sold)
    for one in entries:
        assigned = {
            Target(one.region, store, one.salesperson_id) for store in one.stores if Target(one.region, store) in stores
        }
        sells = {each for each in sold if (each.region, each.salesperson) == (one.region, one.salesperson_id)}
        people |= dict.fromkeys(assigned | sells, one.name)
    return people


def _by_name(named: Mapping[Target, str], text: str) -> list[Target]:
    return [one for one, name in named.items() if name and name.casefold() == text.casefold()]


def _words(named: Mapping[Target, str], field: str) -> list[str]:
    return sorted({getattr(one, field) for one in named} | {name for name in named.values() if name})
