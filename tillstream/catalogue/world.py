"""What an entry is checked against: the other entries as they will be once the change is applied."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Protocol

from tillstream.catalogue import products
from tillstream.catalogue.stored import StoredCatalogue
from tillstream.domain.catalogue.aliases import Codes
from tillstream.domain.catalogue.entries import Entry, EntryKind, Product, Promotion, is_withdrawn


class World(Protocol):
    """The catalogue after a change."""

    def owners(self, region: str, code: str) -> Sequence[str]:
        """Products with this alias or barcode in exactly this region."""

    def product(self, code: str) -> Product | None: ...

    def codes(self) -> Codes:
        """All aliases and barcodes."""

    def has_store(self, region: str, store_id: str) -> bool: ...

    def has_stores(self, region: str) -> bool: ...

    def promotions(self) -> Sequence[Promotion]: ...


class OneChange:
    """The stored catalogue with one entry in place of its stored version. Reads only what a check needs."""

    def __init__(self, stored: StoredCatalogue, entry: Entry) -> None:
        self._stored, self._entry = stored, entry

    def owners(self, region: str, code: str) -> list[str]:
        owner = self._other_owner((region, code))
        return [*([owner] if owner else []), *([self._mine] if (region, code) in self._own_codes else [])]

    def product(self, code: str) -> Product | None:
        if self._mine and self._mine == code:
            return self._entry if isinstance(self._entry, Product) else None
        entry = self._stored.current(EntryKind.PRODUCT, (code,))
        return entry if isinstance(entry, Product) else None

    def codes(self) -> Codes:
        return self

    def get(self, key: tuple[str, str], /) -> str | None:
        """The product that an alias or barcode names."""
        return self._mine if key in self._own_codes else self._other_owner(key) or None

    def has_store(self, region: str, store_id: str) -> bool:
        return self._stored.current(EntryKind.STORE, (region, store_id)) is not None

    def has_stores(self, region: str) -> bool:
        return bool(self._stored.stores(region))

    def promotions(self) -> list[Promotion]:
        return [one for one in self._stored.promotions() if one.key != self._entry.key]

    def _other_owner(self, key: tuple[str, str]) -> str:
        """The other product that an alias or barcode names; empty if there is none."""
        owner = self._stored.owner(*key)
        return "" if owner == self._mine else owner

    @cached_property
    def _mine(self) -> str:
        return self._entry.code if isinstance(self._entry, Product) else ""

    @cached_property
    def _own_codes(self) -> dict[tuple[str, str], str]:
        return products.codes_of(self._entry) if isinstance(self._entry, Product) else {}


class ManyChanges:
    """The whole catalogue in memory, with the entries of an import in place of their stored versions."""

    def __init__(self, entries: Mapping[EntryKind, Mapping[tuple[str, ...], Entry]]) -> None:
        self._products = {
            one.code: one
            for one in entries.get(EntryKind.PRODUCT, {}).values()
            if isinstance(one, Product) and not is_withdrawn(one)
        }
        stores = entries.get(EntryKind.STORE, {})
        self._stores = {key for key, one in stores.items() if not is_withdrawn(one)}
        self._regions = {key[0] for key in self._stores}
        listed = entries.get(EntryKind.PROMOTION, {}).values()
        self._promotions = [one for one in listed if isinstance(one, Promotion)]
        self._owners: dict[tuple[str, str], list[str]] = {}
        for product in self._products.values():
            for key in products.codes_of(product):
                self._owners.setdefault(key, []).append(product.code)

    def owners(self, region: str, code: str) -> list[str]:
        return self._owners.get((region, code), [])

    def product(self, code: str) -> Product | None:
        return self._products.get(code)

    def codes(self) -> dict[tuple[str, str], str]:
        return self._codes

    @cached_property
    def _codes(self) -> dict[tuple[str, str], str]:
        return {key: owners[0] for key, owners in self._owners.items()}

    def has_store(self, region: str, store_id: str) -> bool:
        return (region, store_id) in self._stores

    def has_stores(self, region: str) -> bool:
        return region in self._regions

    def promotions(self) -> list[Promotion]:
        return self._promotions
