"""Tabs of the catalogue: the kind of entries, the columns of the list, and addresses of entries."""

from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from portal.catalogue import texts
from portal.context import scope, tillstream
from tillstream.catalogue.file_export import FileKind
from tillstream.model.catalogue_columns import KEY_COLUMNS
from tillstream.model.errors import NotFound
from tillstream.model.product_catalogue import Entry, EntryKind


@dataclass(frozen=True)
class Tab:
    """`shown`: fields in the list after name and key. `files`: kinds of files that can be imported and exported."""

    name: str
    kind: EntryKind
    shown: tuple[str, ...]
    files: tuple[FileKind, ...]


TABS = {
    one.name: one
    for one in (
        Tab(
            "products",
            EntryKind.PRODUCT,
            ("category", "supplier", "barcodes"),
            (FileKind.PRODUCTS, FileKind.PRICES, FileKind.COSTS),
        ),
        Tab("stores", EntryKind.STORE, ("region", "country", "currency", "time_zone"), (FileKind.STORES,)),
        Tab("salespeople", EntryKind.SALESPERSON, ("region", "stores"), (FileKind.SALESPEOPLE,)),
        Tab(
            "promotions",
            EntryKind.PROMOTION,
            ("product", "category", "region", "store_id", "kind", "rate", "valid_from", "valid_to"),
            (FileKind.PROMOTIONS,),
        ),
        Tab(
            "suppliers", EntryKind.SUPPLIER, ("lead_time_days", "review_days", "email", "phone"), (FileKind.SUPPLIERS,)
        ),
    )
}


def tab_of(name: str) -> Tab:
    """Raises `NotFound`."""
    if name not in TABS:
        raise NotFound(texts.no_tab(name))
    return TABS[name]


def links() -> list[tuple[str, str]]:
    """Address and label of each tab."""
    pages = [(url_for("catalogue.listing", tab=name), words) for name, words in texts.TABS.items()]
    return [
        *pages,
        (url_for("catalogue.regions"), texts.LABELS["region"] + "s"),
        (url_for("catalogue.new_codes"), texts.NEW_CODES),
        (url_for("catalogue.prices_off_list"), texts.PRICES_OFF_LIST),
    ]


def entry_address(tab: Tab, entry: Entry) -> str:
    """Codes may contain any sign, so they are in the query string."""
    key: dict[str, Any] = dict(zip(KEY_COLUMNS[tab.kind], entry.key, strict=True))
    return url_for("catalogue.entry", tab=tab.name, **key)


def key_of_request(tab: Tab) -> tuple[str, ...]:
    return tuple(request.values.get(name, "").strip() for name in KEY_COLUMNS[tab.kind])


def all_regions() -> list[str]:
    return tillstream().contracts.regions()


def own_regions() -> list[str]:
    """The regions that the user may choose."""
    return [one for one in tillstream().contracts.regions_to_choose() if scope().covers_region(one)]
