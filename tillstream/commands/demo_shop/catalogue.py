"""The demo's catalogue: products with their costs and prices, stores, salespeople and a promotion."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tillstream.app import App
from tillstream.catalogue import file_import, stored_entries, warehouse_mirror
from tillstream.catalogue.file_export import FileKind, csv_file
from tillstream.catalogue.file_import import ImportRules, plan_import

if TYPE_CHECKING:
    from tillstream.samples.regions import Region

STAFF = {"IN": "E", "UK": "T", "USA": "A"}
"""Region → first letter of the IDs of its salespeople."""
STAFF_OF_STORE = 6
CITIES = {
    "MUM01": "Mumbai", "DEL01": "Delhi", "BLR01": "Bengaluru", "MAA01": "Chennai", "CCU01": "Kolkata",
    "PNQ01": "Pune", "LON1": "London, Oxford Street", "LON2": "London, Stratford", "MAN1": "Manchester",
    "EDI1": "Edinburgh", "CDF1": "Cardiff", "BRS1": "Bristol", "101": "New York", "102": "Brooklyn",
    "115": "Boston", "120": "Denver", "131": "Chicago", "140": "Seattle",
}  # fmt: skip
"""Store → its name; any other is a shop on the web."""
SUPPLIERS = {"ACME": ("Acme Wholesale", 3, 7), "NORTH": ("North Trading", 7, 7), "SUN": ("Sunrise Imports", 21, 14)}
"""Supplier → its name, and the days from an order to its arrival and between two orders."""
PACK_SIZES = (1, 6, 12)
"""Units in a pack of the products of each supplier."""
FIRST_BARCODE = 8_900_000_000_000
Table = tuple[list[str], list[list[str]]]


def add(app: App, until: date, by: str) -> None:
    """Import the catalogue, unless there are products."""
    if stored_entries.catalogue_revision(app.ports):
        return
    rules = ImportRules(app.contracts.regions(), app.settings.reporting_currency)
    for kind, (headers, rows) in _tables(until):
        planned = plan_import(app.ports, kind, csv_file(headers, rows), rules)
        file_import.apply_import(app.ports, planned, file=f"{kind.value}.csv", by=by)
    warehouse_mirror.follow_change(app.ports)


def _tables(until: date) -> Iterator[tuple[FileKind, Table]]:
    from tillstream.samples import catalogue, people  # lazy: loads NumPy, needed by this command only
    from tillstream.samples.regions import REGIONS

    regions = [region for region in REGIONS if region.name in STAFF]
    suppliers = list(SUPPLIERS)
    yield (
        FileKind.SUPPLIERS,
        (
            ["code", "name", "lead_time_days", "review_days"],
            [[code, *map(str, facts)] for code, facts in SUPPLIERS.items()],
        ),
    )
    named = zip(catalogue.CODES, catalogue.NAMES, catalogue.CATEGORY.tolist(), strict=True)
    products = [
        [
            *(code, name, catalogue.CATEGORIES[category], suppliers[number % len(suppliers)]),
            *(str(PACK_SIZES[number % len(suppliers)]), str(FIRST_BARCODE + number)),
        ]
        for number, (code, name, category) in enumerate(named)
    ]
    yield FileKind.PRODUCTS, (["code", "name", "category", "supplier", "pack_size", "barcodes"], products)
    headers = ["code", "region", "currency", "valid_from", "amount"]
    yield FileKind.PRICES, (headers, [row for region in regions for row in _amounts(region, until, costs=False)])
    yield FileKind.COSTS, (headers, [row for region in regions for row in _amounts(region, until, costs=True)])
    stores = [
        [region.name, store, CITIES.get(store, "Web shop"), region.countries[0], region.currency]
        for region in regions
        for store in region.stores
    ]
    yield FileKind.STORES, (["region", "store_id", "name", "country", "currency"], stores)
    staff = []
    for region in regions:
        names = people.staff(region.name, STAFF_OF_STORE * (len(region.stores) - 1))
        staff += [
            [region.name, f"{STAFF[region.name]}{101 + number}", name, region.stores[number // STAFF_OF_STORE]]
            for number, name in enumerate(names)
        ]
    yield FileKind.SALESPEOPLE, (["region", "salesperson_id", "name", "stores"], staff)
    first = until.replace(day=1)
    promotion = ["BOOKS10", "Books for the holidays", "Books", "UK", "10%", f"{first}", f"{first + timedelta(days=40)}"]
    yield (
        FileKind.PROMOTIONS,
        (["promotion_id", "name", "category", "region", "rate", "valid_from", "valid_to"], [promotion]),
    )


def _amounts(region: "Region", until: date, *, costs: bool) -> Iterator[list[str]]:
    """The prices or costs of each year of the samples."""
    from tillstream.samples import catalogue
    from tillstream.samples.months import months

    for month in months(until)[::12]:
        amounts = catalogue.prices(region.currency, month.index // 12)
        if costs:
            amounts = catalogue.costs(amounts)
        since = month.first.isoformat() if month.index else ""
        for code, cents in zip(catalogue.CODES, amounts.tolist(), strict=True):
            yield [code, region.name, region.currency, since, f"{cents // 100}.{cents % 100:02}"]
