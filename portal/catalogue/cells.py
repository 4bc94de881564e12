"""Cells of the lists of entries: names in place of the codes of suppliers and stores."""

from collections.abc import Mapping
from datetime import date

from portal.catalogue import texts
from portal.catalogue.tabs import Tab
from portal.context import ports
from portal.filters import names
from portal.formats import day
from tillstream.catalogue.entry_lists import all_entries
from tillstream.model.catalogue_columns import ENTRY_COLUMNS
from tillstream.model.product_catalogue import Entry, EntryKind, Supplier


def supplier_names() -> dict[str, str]:
    """Code of each supplier → its name, or its code without one; by name."""
    listed = [one for one in all_entries(ports(), EntryKind.SUPPLIER).values() if isinstance(one, Supplier)]
    named = {one.code: one.name or one.code for one in listed}
    return dict(sorted(named.items(), key=lambda item: item[1].casefold()))


def cells_of(tab: Tab, entry: Entry, suppliers: Mapping[str, str]) -> list[tuple[str, str]]:
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
            text = names.store(region, text)
        elif field == "stores":
            text = ", ".join(names.store(region, one) for one in value)
        elif field == "product" and text:
            text = names.name_of("product", text)
        elif isinstance(value, date):
            text = day(value)
        cells.append((texts.LIST_LABELS.get(field, texts.LABELS[field]), text))
    return cells
