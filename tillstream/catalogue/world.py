"""What an entry is checked against: the other entries as they will be once the change is applied."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Protocol

from tillstream.catalogue import products, records
from tillstream.domain.catalogue.entries import Entry, EntryKind, Product, Promotion, is_withdrawn
from tillstream.ports import Ports


class World(Protocol):
    """The catalogue after a change."""

    def owners(self, region: str, code: str) -> Sequence[str]:
        """Products with this alias or barcode in exactly this region."""

    def product(self, code: str) -> Product | None: ...

    def codes(self) -> Mapping[tuple[str, str], str]:
        """All aliases and barcodes."""

    def has_store(self, region: str, store_id: str) -> bool: ...

    def has_stores(self, region: str) -> bool: ...

    def promotions(self) -> Sequence[Promotion]: ...


class OneChange:
    """The stored catalogue with one entry in place of its stored version. Reads only what a check needs."""

    def __init__(self, ports: Ports, entry: Entry) -> None:
        self._ports, self._entry = ports, entry

    def owners(self, region: str, code: str) -> list[str]:
        owner = products.owner_of(self._ports, region, code)
        mine = self._entry.code if isinstance(self._entry, Product) else ""
        others = [owner] if owner and owner != mine else []
        return others + ([mine] if mine and (region, code) in self._own_codes else [])

    def product(self, code: str) -> Product | None:
        if isinstance(self._entry, Product) and self._entry.code == code:
            return self._entry
        return products.get(self._ports, code)

    def codes(self) -> dict[tuple[str, str], str]:
        if not isinstance(self._entry, Product):
            return products.all_codes(self._ports)
        mine = self._entry.code
        others = {key: one for key, one in products.all_codes(self._ports).items() if one != mine}
        return others | dict.fromkeys(self._own_codes, mine)

    def has_store(self, region: str, store_id: str) -> bool:
        return records.current(self._ports, EntryKind.STORE, region, store_id) is not None

    def has_stores(self, region: str) -> bool:
        documents = self._ports.documents.find(records.COLLECTIONS[EntryKind.STORE], {"region": region})
        return any(not is_withdrawn(records.to_stored(EntryKind.STORE, one).entry) for one in documents)

    def promotions(self) -> list[Promotion]:
        stored = [one.entry for one in records.find(self._ports, EntryKind.PROMOTION)]
        return [one for one in stored if isinstance(one, Promotion) and one.key != self._entry.key]

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
