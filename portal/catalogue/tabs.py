"""Tabs of the catalogue: the kind of entries, the columns and cells of the list, and addresses of entries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import request, url_for

from portal import value_names
from portal.context import ports, scope, tillstream
from portal.formats import day
from portal.translation import N_, _
from tillstream.catalogue.entry_lists import catalogue_entries
from tillstream.catalogue.file_export import FileKind
from tillstream.model.catalogue_columns import ENTRY_COLUMNS, KEY_COLUMNS
from tillstream.model.errors import NotFound
from tillstream.model.product_catalogue import Entry, EntryKind, Supplier

TITLES = N_(
    {
        "products": "Products",
        "stores": "Stores",
        "salespeople": "Salespeople",
        "promotions": "Promotions",
        "suppliers": "Suppliers",
    }
)
SINGULAR = {
    "products": N_("product"),
    "stores": N_("store"),
    "salespeople": N_("salesperson"),
    "promotions": N_("promotion"),
    "suppliers": N_("supplier"),
}
LABELS = N_(
    {
        "code": "Code",
        "name": "Name",
        "category": "Category",
        "pack_size": "Pack size",
        "supplier": "Supplier",
        "minimum_order": "Minimum order",
        "shelf_life_days": "Shelf life in days",
        "minimum_stock": "Minimum stock",
        "barcodes": "Barcodes",
        "aliases": "Other codes",
        "active": "Offered",
        "region": "Region",
        "store_id": "Store ID",
        "country": "Country",
        "time_zone": "Time zone",
        "currency": "Currency",
        "latitude": "Latitude",
        "longitude": "Longitude",
        "opening_hours": "Opening hours",
        "salesperson_id": "Salesperson ID",
        "stores": "Stores",
        "promotion_id": "Code",
        "product": "Product",
        "kind": "Kind",
        "rate": "Reduction",
        "per_euro": "Units for one euro",
        "valid_from": "First day",
        "valid_to": "Last day",
        "email": "Email",
        "phone": "Phone",
        "lead_time_days": "Lead time in days",
        "review_days": "Days between orders",
        "costs": "Costs",
        "prices": "Prices",
        "amount": "Amount",
    }
)
LIST_LABELS = {"store_id": N_("Store")}
"""Labels of fields that a list shows by name instead of by code."""
COST_EFFECT = N_("Effect on past margins")
YES_NO = N_({"yes": "Yes", "no": "No, retired"})
ALL_REGIONS = N_("All regions")
LISTS = {"prices": N_("price"), "costs": N_("cost")}
MIRROR_LATE = N_("Saved. The numbers follow within a few minutes, because the warehouse is not available now.")


@dataclass(frozen=True)
class CatalogueTab:
    """`shown`: fields in the list after name and key. `files`: kinds of files that can be imported and exported."""

    name: str
    kind: EntryKind
    shown: tuple[str, ...]
    files: tuple[FileKind, ...]


TABS = {
    one.name: one
    for one in (
        CatalogueTab(
            "products",
            EntryKind.PRODUCT,
            ("category", "supplier", "barcodes"),
            (FileKind.PRODUCTS, FileKind.PRICES, FileKind.COSTS),
        ),
        CatalogueTab("stores", EntryKind.STORE, ("region", "country", "currency", "time_zone"), (FileKind.STORES,)),
        CatalogueTab("salespeople", EntryKind.SALESPERSON, ("region", "stores"), (FileKind.SALESPEOPLE,)),
        CatalogueTab(
            "promotions",
            EntryKind.PROMOTION,
            ("product", "category", "region", "store_id", "kind", "rate", "valid_from", "valid_to"),
            (FileKind.PROMOTIONS,),
        ),
        CatalogueTab(
            "suppliers", EntryKind.SUPPLIER, ("lead_time_days", "review_days", "email", "phone"), (FileKind.SUPPLIERS,)
        ),
    )
}


def no_tab(name: str) -> str:
    return _("The catalogue has no page {name}.", name=name)


def tab_of(name: str) -> CatalogueTab:
    """Raises `NotFound`."""
    if name not in TABS:
        raise NotFound(no_tab(name))
    return TABS[name]


def tab_links() -> list[tuple[str, str]]:
    """Address and label of each tab."""
    pages = [(url_for("catalogue.listing", tab=name), words) for name, words in TITLES.items()]
    return [
        *pages,
        (url_for("catalogue.regions"), _("Regions")),
        (url_for("catalogue.new_codes"), _("New codes")),
        (url_for("catalogue.prices_off_list"), _("Prices off the list")),
    ]


def entry_address(tab: CatalogueTab, entry: Entry) -> str:
    """Codes may contain any sign, so they are in the query string."""
    key: dict[str, Any] = dict(zip(KEY_COLUMNS[tab.kind], entry.key, strict=True))
    return url_for("catalogue.entry", tab=tab.name, **key)


def key_of_request(tab: CatalogueTab) -> tuple[str, ...]:
    return tuple(request.values.get(name, "").strip() for name in KEY_COLUMNS[tab.kind])


def all_regions() -> list[str]:
    return tillstream().contracts.regions()


def own_regions() -> list[str]:
    """The regions that the user may choose."""
    return [one for one in tillstream().contracts.regions_to_choose() if scope().covers_region(one)]


def supplier_names() -> dict[str, str]:
    """Code of each supplier → its name, or its code without one; by name."""
    named = {one.code: one.name or one.code for one in catalogue_entries(ports(), Supplier).values()}
    return dict(sorted(named.items(), key=lambda item: item[1].casefold()))


def cells_of(tab: CatalogueTab, entry: Entry, suppliers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Label and text of each column of an entry after its name."""
    shown = {column.name: column.show for column in ENTRY_COLUMNS[tab.kind]}
    region = getattr(entry, "region", None)
    cells = []
    for field in tab.shown:
        value = getattr(entry, field)
        text = shown[field](value)
        if field == "supplier":
            text = suppliers.get(text, text)
        elif field == "store_id":
            text = value_names.store_name(region, text)
        elif field == "stores":
            text = ", ".join(value_names.store_name(region, one) for one in value)
        elif field == "product" and text:
            text = value_names.value_name("product", text)
        elif isinstance(value, date):
            text = day(value)
        cells.append((LIST_LABELS.get(field, LABELS[field]), text))
    return cells
