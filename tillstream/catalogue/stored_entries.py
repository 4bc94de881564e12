"""Stored entries: their collections, document ids and lookups, also of products by their codes."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tillstream.model.document_json import from_json
from tillstream.model.errors import NotFound
from tillstream.model.product_catalogue import (
    ENTRY_CLASSES,
    EVERYWHERE,
    Entry,
    EntryKind,
    Product,
    Promotion,
    Store,
    is_withdrawn,
)
from tillstream.ports import Ports
from tillstream.ports.documents import Document

ENTRY_COLLECTIONS = {
    EntryKind.PRODUCT: "products",
    EntryKind.STORE: "stores",
    EntryKind.SALESPERSON: "salespeople",
    EntryKind.PROMOTION: "promotions",
    EntryKind.SUPPLIER: "suppliers",
}
STATE, STATE_ID = "catalogue", "state"
MAX_REVISIONS = 20
"""More are not looked up one by one."""

CODES_COLLECTION = "catalogue_codes"
"""Aliases and barcodes: (region or `*`, code) → product."""


@dataclass(frozen=True)
class StoredEntry:
    """An entry with its version for compare-and-set and the revision of the catalogue that wrote it."""

    entry: Entry
    version: int
    revision: int


def entry_document_id(*parts: str) -> str:
    """The parts of a key as one id without characters that a document store reserves."""
    quoted = (quote(part, safe="").replace(".", "%2E").replace("_", "%5F").replace("~", "%7E") for part in parts)
    return ":".join(quoted)


def get_entry(ports: Ports, kind: EntryKind, *key: str) -> StoredEntry | None:
    document = ports.documents.get(ENTRY_COLLECTIONS[kind], entry_document_id(*key))
    return to_stored_entry(kind, document) if document else None


def get_current_entry(ports: Ports, kind: EntryKind, *key: str) -> Entry | None:
    """The entry, unless it is withdrawn."""
    stored = get_entry(ports, kind, *key)
    return stored.entry if stored and not is_withdrawn(stored.entry) else None


def version_of_new_entry(ports: Ports, kind: EntryKind, *key: str) -> int:
    """The version over which a new entry is saved: that of a withdrawn one, else 0."""
    stored = get_entry(ports, kind, *key)
    return stored.version if stored and is_withdrawn(stored.entry) else 0


def get_required_entry(ports: Ports, kind: EntryKind, *key: str) -> StoredEntry:
    """The entry. Raises `NotFound`."""
    stored = get_entry(ports, kind, *key)
    if stored is None:
        raise NotFound(f"The catalogue has no {kind} {' '.join(key)}.")
    return stored


def find_entries(ports: Ports, kind: EntryKind) -> list[StoredEntry]:
    """All entries of a kind, by document id."""
    return [to_stored_entry(kind, one) for one in ports.documents.find(ENTRY_COLLECTIONS[kind])]


def entries_changed_since(ports: Ports, kind: EntryKind, revision: int) -> Iterator[StoredEntry]:
    """Entries that a later revision wrote, looked up by each revision; all entries if there were many revisions."""
    newest = int(catalogue_state(ports).data["revision"])
    if revision <= 0 or newest - revision > MAX_REVISIONS:
        yield from (one for one in find_entries(ports, kind) if one.revision > revision)
        return
    for each in range(newest, revision, -1):
        for document in ports.documents.find(ENTRY_COLLECTIONS[kind], {"revision": each}):
            yield to_stored_entry(kind, document)


def catalogue_state(ports: Ports) -> Document:
    """The state of the catalogue: its revision and the import that is being applied."""
    document = ports.documents.get(STATE, STATE_ID)
    return document or Document(STATE_ID, {"revision": 0, "import": ""}, 0)


def catalogue_revision(ports: Ports) -> int:
    return int(catalogue_state(ports).data["revision"])


def to_stored_entry(kind: EntryKind, document: Document) -> StoredEntry:
    data: dict[str, Any] = document.data
    return StoredEntry(from_json(ENTRY_CLASSES[kind], data), document.version, int(data["revision"]))


def get_product(ports: Ports, code: str) -> Product | None:
    """The product of a product code."""
    entry = get_current_entry(ports, EntryKind.PRODUCT, code)
    return entry if isinstance(entry, Product) else None


def find_product(ports: Ports, region: str, code: str) -> Product | None:
    """The product that a code names in a region: by an alias or barcode, repeatedly, else by the product code."""
    code, visited = code.strip(), set[str]()
    while code not in visited:
        visited.add(code)
        owner = owner_of_code(ports, region, code) or owner_of_code(ports, EVERYWHERE, code)
        if not owner:
            break
        code = owner
    return get_product(ports, code) if code else None


def owner_of_code(ports: Ports, region: str, code: str) -> str:
    """The product with the alias or barcode in exactly this region; empty if there is none."""
    document = ports.documents.get(CODES_COLLECTION, entry_document_id(region, code))
    return str(document.data["product"]) if document else ""


def all_codes(ports: Ports) -> dict[tuple[str, str], str]:
    """All aliases and barcodes."""
    documents = (one.data for one in ports.documents.find(CODES_COLLECTION))
    return {(data["region"], data["code"]): data["product"] for data in documents if data["product"]}


def codes_of_product(product: Product) -> dict[tuple[str, str], str]:
    """The aliases and barcodes of a product, as keys, with their type."""
    barcodes = {(EVERYWHERE, code): "barcode" for code in product.barcodes if code != product.code}
    return barcodes | {(one.region, one.code): "alias" for one in product.aliases}


class StoredCatalogue:
    """Not for longer than a change takes: what others write meanwhile is not read again."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._entries: dict[tuple[EntryKind, tuple[str, ...]], StoredEntry | None] = {}
        self._owners: dict[tuple[str, str], str] = {}
        self._stores: dict[str, dict[tuple[str, ...], Entry]] = {}
        self._promotions: dict[tuple[str, ...], Entry] | None = None

    def get(self, kind: EntryKind, key: tuple[str, ...]) -> StoredEntry | None:
        if (kind, key) not in self._entries:
            self._entries[kind, key] = get_entry(self._ports, kind, *key)
        return self._entries[kind, key]

    def current(self, kind: EntryKind, key: tuple[str, ...]) -> Entry | None:
        """The entry, unless it is withdrawn."""
        stored = self.get(kind, key)
        return stored.entry if stored and not is_withdrawn(stored.entry) else None

    def owner(self, region: str, code: str) -> str:
        """The product with the alias or barcode in exactly this region; empty if there is none."""
        if (region, code) not in self._owners:
            self._owners[region, code] = owner_of_code(self._ports, region, code)
        return self._owners[region, code]

    def stores(self, region: str) -> Collection[Entry]:
        """The stores of a region that are not withdrawn."""
        if region not in self._stores:
            documents = self._ports.documents.find(ENTRY_COLLECTIONS[EntryKind.STORE], {"region": region})
            self._stores[region] = dict(_by_key(to_stored_entry(EntryKind.STORE, one) for one in documents))
        return [one for one in self._stores[region].values() if not is_withdrawn(one)]

    def promotions(self) -> list[Promotion]:
        if self._promotions is None:
            self._promotions = dict(_by_key(iter(find_entries(self._ports, EntryKind.PROMOTION))))
        return [one for one in self._promotions.values() if isinstance(one, Promotion)]

    def add(self, kind: EntryKind, stored: StoredEntry) -> None:
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
            self._owners |= dict.fromkeys(codes_of_product(before), "")
        self._owners |= dict.fromkeys(codes_of_product(after), after.code)


def _by_key(every: Iterator[StoredEntry]) -> Iterator[tuple[tuple[str, ...], Entry]]:
    yield from ((one.entry.key, one.entry) for one in every)
