"""The stored catalogue, read as it is needed: each document once, and with entries that are about to be written."""

from collections.abc import Collection, Iterator

from tillstream.catalogue import products, records
from tillstream.catalogue.records import Stored
from tillstream.domain.catalogue.entries import Entry, EntryKind, Product, Promotion, Store, is_withdrawn
from tillstream.ports import Ports


class StoredCatalogue:
    """Not for longer than a change takes: what others write meanwhile is not read again."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._entries: dict[tuple[EntryKind, tuple[str, ...]], Stored | None] = {}
        self._owners: dict[tuple[str, str], str] = {}
        self._stores: dict[str, dict[tuple[str, ...], Entry]] = {}
        self._promotions: dict[tuple[str, ...], Entry] | None = None

    def get(self, kind: EntryKind, key: tuple[str, ...]) -> Stored | None:
        if (kind, key) not in self._entries:
            self._entries[kind, key] = records.get(self._ports, kind, *key)
        return self._entries[kind, key]

    def current(self, kind: EntryKind, key: tuple[str, ...]) -> Entry | None:
        """The entry, unless it is withdrawn."""
        stored = self.get(kind, key)
        return stored.entry if stored and not is_withdrawn(stored.entry) else None

    def owner(self, region: str, code: str) -> str:
        """The product with the alias or barcode in exactly this region; empty if there is none."""
        if (region, code) not in self._owners:
            self._owners[region, code] = products.owner_of(self._ports, region, code)
        return self._owners[region, code]

    def stores(self, region: str) -> Collection[Entry]:
        """The stores of a region that are not withdrawn."""
        if region not in self._stores:
            documents = self._ports.documents.find(records.COLLECTIONS[EntryKind.STORE], {"region": region})
            self._stores[region] = dict(_by_key(records.to_stored(EntryKind.STORE, one) for one in documents))
        return [one for one in self._stores[region].values() if not is_withdrawn(one)]

    def promotions(self) -> list[Promotion]:
        if self._promotions is None:
            self._promotions = dict(_by_key(iter(records.find(self._ports, EntryKind.PROMOTION))))
        return [one for one in self._promotions.values() if isinstance(one, Promotion)]

    def add(self, kind: EntryKind, stored: Stored) -> None:
        """An entry that is about to be written."""
        entry = stored.entry
        before = self.get(kind, entry.key)
        self._entries[kind, entry.key] = stored
        if isinstance(entry, Product):
            self._move_codes(before.entry if before else None, entry)
        if isinstance(entry, Store) and entry.region in self._stores:
            self._stores[entry.region][entry.key] = entry
        if isinstance(entry, Promotion) and self._promotions is not None:
            self._promotions[entry.key] = entry

    def _move_codes(self, before: Entry | None, after: Product) -> None:
        if isinstance(before, Product):
            self._owners |= dict.fromkeys(products.codes_of(before), "")
        self._owners |= dict.fromkeys(products.codes_of(after), after.code)


def _by_key(every: Iterator[Stored]) -> Iterator[tuple[tuple[str, ...], Entry]]:
    yield from ((one.entry.key, one.entry) for one in every)
