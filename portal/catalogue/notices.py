"""Notices about values that are saved but may be mistakes."""

from collections import defaultdict
from collections.abc import Collection, Iterator

from portal.catalogue import texts
from portal.context import ports, scope
from tillstream.catalogue.entry_lists import all_entries, entry_in_scope
from tillstream.model import countries
from tillstream.model.product_catalogue import Entry, EntryKind, Product

Change = tuple[Entry | None, Entry]
"""An entry before and after."""


def notices_of(kind: EntryKind, changes: Collection[Change]) -> list[str]:
    """Notices about new entries and changed values, each once.

    Suppliers and categories are compared with those of the catalogue if it has some.
    """
    notices = [*_similar_codes(kind, changes)]
    if kind is EntryKind.PRODUCT:
        suppliers = {key[0] for key in all_entries(ports(), EntryKind.SUPPLIER)}
        notices += map(texts.unknown_supplier, _unknown("supplier", changes, suppliers))
    if kind is EntryKind.PROMOTION:
        products = all_entries(ports(), EntryKind.PRODUCT).values()
        categories = {one.category for one in products if isinstance(one, Product) and one.category}
        notices += map(texts.unknown_category, _unknown("category", changes, categories))
    if kind is EntryKind.STORE:
        notices += [
            texts.unknown_country(one) for one in _new_values("country", changes) if not countries.country_code(one)
        ]
    return list(dict.fromkeys(notices))


def _unknown(field: str, changes: Collection[Change], existing: Collection[str]) -> Iterator[str]:
    return (one for one in _new_values(field, changes) if existing and one not in existing)


def _new_values(field: str, changes: Collection[Change]) -> Iterator[str]:
    for before, after in changes:
        value = str(getattr(after, field))
        if value and value != getattr(before, field, ""):
            yield value


def _similar_codes(kind: EntryKind, changes: Collection[Change]) -> Iterator[str]:
    """Codes of new entries that differ from another one only in capital letters."""
    added = [after for before, after in changes if before is None]
    similar: dict[tuple[str, ...], set[tuple[str, ...]]] = defaultdict(set)
    visible = [one for one in all_entries(ports(), kind).values() if entry_in_scope(scope(), one)] if added else []
    for one in [*visible, *added]:
        similar[_folded(one)].add(one.key)
    for one in added:
        for key in sorted(similar[_folded(one)] - {one.key}):
            yield texts.similar(*sorted((one.key[-1], key[-1])))


def _folded(entry: Entry) -> tuple[str, ...]:
    return tuple(part.casefold() for part in entry.key)
