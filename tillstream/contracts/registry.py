"""Contract registry: the current contracts, the versions that have read files, the headers of those files, and which
figures are confirmed.

A contract that has loaded a file counts as confirmed, so that homes of earlier versions keep working.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import time
from weakref import WeakKeyDictionary

from tillstream.contracts import contract_files
from tillstream.model.batch import STATES_IN_LEDGER
from tillstream.model.contract import Contract, parse_contract
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.object_names import STORE_SALES_FOLDER
from tillstream.ports import DocumentStore, Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.records import batch_records

CONTRACTS_COLLECTION = "contracts"
_versions: WeakKeyDictionary[DocumentStore, dict[str, Contract]] = WeakKeyDictionary()
"""Parsed versions by store. A version that is stored never changes, so a process reads and parses it once."""
UNASSIGNED = parse_contract(
    {
        "name": STORE_SALES_FOLDER,
        "region": "-",
        "description": "Store sales without a known region: kept, never counted",
        "currency": "XXX",
        "columns": {"sale_id": "number", "date": "sold_at", "net_amount": "net_amount"},
        "identity": {"ids": "region-wide"},
    }
)

CONFIRMATIONS_COLLECTION = "confirmed_contracts"

HEADERS_COLLECTION = "columns"
_UNNAMED_HEADER = re.compile(r"\s*|column \d+")
"""Names that readers give to unnamed columns; ignored, as trailing delimiters produce them."""
MAX_CHECKED_COLUMNS = 2_000
"""A file with more columns is not checked for new ones."""


class ContractRegistry:
    """Contracts by name. Versions that have been used are stored as documents, so that a rebuild can reuse them."""

    def __init__(
        self,
        documents: DocumentStore,
        contracts: Mapping[str, Contract],
        keep: Callable[[Contract, Contract | None, str], object] | None = None,
        read: Callable[[], Mapping[str, Contract]] | None = None,
    ) -> None:
        """keep: stores (contract, previous one, user). read: reloads all contracts, if other instances may save."""
        self._documents = documents
        self._current = dict(contracts)
        self._keep = keep
        self._read = read
        self._problems: Mapping[str, str] = {}

    def refresh(self) -> None:
        """Reload contracts that other instances saved; called before each event and each request."""
        if self._read:
            self._current = dict(self._read())

    def replace(self, contracts: Mapping[str, Contract], problems: Mapping[str, str]) -> None:
        """Replace all contracts. problems: those with which no file may be read, with a sentence for each.

        The contract of such a name, if there is one, is the last one that was whole.
        """
        self._current, self._problems = dict(contracts), problems

    def names(self) -> list[str]:
        return sorted(self._current)

    def regions(self) -> list[str]:
        """The regions that contracts report to, also those shipped with the product that nothing uses yet."""
        return sorted({contract.region for contract in self._current.values()})

    def in_use(self) -> dict[str, Contract]:
        """The contracts of the company by name: its own, and those shipped with the product that have read a file."""
        return contracts_in_use(self._documents, self._current)

    def claiming(self) -> dict[str, Contract]:
        """The contracts that claim a file by its name or its content alone: all, or those of the company in a home that
        uses none of those shipped with the product, which are the formats of the samples."""
        used, shipped = self.in_use(), contract_files.shipped_contracts()
        return self.all() if any(shipped.get(name) == one for name, one in used.items()) else used

    def names_to_choose(self) -> set[str]:
        """The names of the contracts in use, or in a new home of all."""
        return set(self.in_use()) or set(self._current)

    def regions_in_use(self) -> list[str]:
        """The regions that contracts in use report to; none in a new home."""
        return sorted({contract.region for contract in self.in_use().values()})

    def regions_to_choose(self) -> list[str]:
        """The regions in use, or in a new home all of `regions`, with which one can begin."""
        return self.regions_in_use() or self.regions()

    def check_regions(self, regions: Iterable[str]) -> None:
        """Raise `Rejected` for a region that no contract reports to; the message lists those to choose from."""
        existing = self.regions()
        for region in regions:
            if region not in existing:
                raise Rejected(f"There is no region {region}. The regions are {', '.join(self.regions_to_choose())}.")

    def current(self, name: str) -> Contract:
        """The current contract of a name. Raises `NotFound`, suggesting the closest name; `Rejected` for a damaged one
        of which no version was ever whole."""
        try:
            return self._current[name]
        except KeyError:
            if name in self._problems:
                raise Rejected(self._problems[name]) from None
            matches = difflib.get_close_matches(name, self._current, n=1)
            hint = f" Did you mean {matches[0]}?" if matches else ""
            raise NotFound(
                f"There is no contract {name!r}.{hint} Existing contracts: {', '.join(self.names())}."
            ) from None

    def pin(self, name: str) -> Contract:
        """The current contract, its version pinned. Raises `Rejected` if it is damaged, if its content changed without
        a new version, or if it is used for the first time and identifies sales differently from another of its region.
        """
        if name in self._problems:
            raise Rejected(self._problems[name])
        return self._pinned(name, self._check_first_use)

    def pin_whole(self, name: str) -> Contract:
        """As `pin`, without a check of its sale numbers; for a damaged contract, the last one that was whole: for sales
        that are accepted already."""
        return self._pinned(name)

    def _pinned(self, name: str, check_new: Callable[[Contract], None] = lambda _: None) -> Contract:
        contract = self.current(name)
        key = f"{name}@{contract.version}"
        data = contract.model_dump(mode="json")
        stored = self._documents.get(CONTRACTS_COLLECTION, key)
        if stored is None:
            check_new(contract)
            self._documents.put(CONTRACTS_COLLECTION, key, data)
        elif stored.data != data and parse_contract(stored.data, key) != contract:
            raise Rejected(
                f"The contract {name} changed, but its version is still {contract.version}. Change the version to "
                f"{contract.version + 1}."
            )
        return contract

    def _check_first_use(self, contract: Contract) -> None:
        """A shipped contract that nothing used was not compared with those of the company when they were saved."""
        contract_files.check_sale_ids((self.in_use() | {contract.name: contract}).values())

    def save(self, contract: Contract, by: str) -> Contract:
        """Store a contract as its next version and make that current.

        Raises `Rejected` if it identifies sales differently from others of its region, or cannot be stored.
        """
        saved = contract.model_copy(update={"version": self._next_version(contract.name)})
        if self._keep is None:
            raise Rejected("Contracts cannot be saved here.")
        self._keep(saved, self._current.get(saved.name), by)
        self._current[saved.name] = saved
        self._problems = {other: problem for other, problem in self._problems.items() if other != saved.name}
        return self.pin(saved.name)

    def all(self) -> dict[str, Contract]:
        return dict(self._current)

    def _next_version(self, name: str) -> int:
        """One more than every version that is current or has read a file."""
        current = self._current.get(name)
        version = current.version + 1 if current else 1
        while self._documents.get(CONTRACTS_COLLECTION, f"{name}@{version}"):
            version += 1
        return version

    def version(self, name: str, version: int) -> Contract:
        """A pinned version of a contract; `NotFound` if it has read no file."""
        return contract_version(self._documents, name, version)

    def for_region(self, region: str) -> Contract | None:
        """The contract for a region's tills and forms: the one with the region's name, else the first by name; in a
        region with contracts of the company's own, of those in use."""
        here = {name: one for name, one in sorted(self._current.items()) if one.region == region}
        shipped = contract_files.shipped_contracts()
        own = {name for name, one in here.items() if shipped.get(name) != one}
        if own and region not in own:
            here = contracts_in_use(self._documents, here)
        return here.get(region) or next(iter(here.values()), None)

    def cutoff(self, region: str) -> time:
        """The time at which a business day of a region ends, as its store sales are dated."""
        contract = self.for_region(region)
        return contract.dates.cutoff if contract else time(0, 0)


def contracts_in_use(documents: DocumentStore, contracts: Mapping[str, Contract]) -> dict[str, Contract]:
    """Those of the company: its own, and those shipped with the product that have read a file."""
    read = {str(document.data["name"]) for document in documents.find(CONTRACTS_COLLECTION)}
    shipped = contract_files.shipped_contracts()
    return {name: one for name, one in contracts.items() if name in read or shipped.get(name) != one}


def contract_version(documents: DocumentStore, name: str, version: int) -> Contract:
    """A pinned version of a contract; `NotFound` if it has read no file."""
    if name == UNASSIGNED.name:
        return UNASSIGNED
    if not name:
        raise Rejected("The file has no contract yet. Choose one with `confirm BATCH --region CONTRACT`.")
    versions = _versions.setdefault(documents, {})
    key = f"{name}@{version}"
    if key not in versions:
        stored = documents.get(CONTRACTS_COLLECTION, key)
        if stored is None:
            raise NotFound(f"There is no version {version} of the contract {name}.")
        versions[key] = parse_contract(stored.data, key)
    return versions[key]


def needs_confirmation(ports: Ports, contract: Contract) -> bool:
    """Whether a person must confirm the figures of the contract's first file; never for a shipped contract."""
    if (
        ports.documents.get(CONFIRMATIONS_COLLECTION, contract.name)
        or contract_files.shipped_contracts().get(contract.name) == contract
    ):
        return False
    if not _has_loaded(ports, contract.name):
        return True
    confirm_contract(ports, contract.name, "")
    return False


def confirm_contract(ports: Ports, contract: str, by: str) -> None:
    """Record that a contract is confirmed. by: empty if the files that it has loaded confirm it. Idempotent."""
    if ports.documents.get(CONFIRMATIONS_COLLECTION, contract) is None:
        at = ports.clock.now().isoformat(timespec="seconds")
        ports.documents.put(CONFIRMATIONS_COLLECTION, contract, {"contract": contract, "by": by, "at": at})


def _has_loaded(ports: Ports, contract: str) -> bool:
    return any(
        ports.documents.find(batch_records.BATCHES, {"contract": contract, "state": state.value}, limit=1)
        for state in sorted(STATES_IN_LEDGER)
    )


def new_headers(ports: Ports, contract: Contract, header: Sequence[str]) -> list[str]:
    """Headers that neither the contract nor an earlier file contains; none for the first file of a contract."""
    if contract.new_columns == "keep" or len(header) > MAX_CHECKED_COLUMNS:
        return []
    contract_headers = {*contract.headers, *contract.extra_columns}
    unknown = [name for name in header if name not in contract_headers]
    if not unknown:
        return []
    earlier = set(earlier_headers(ports, contract))
    if not earlier and not contract.extra_columns:
        return []
    return [name for name in dict.fromkeys(unknown) if not _UNNAMED_HEADER.fullmatch(name) and name not in earlier]


def earlier_headers(ports: Ports, contract: Contract) -> list[str]:
    """The headers of earlier files."""
    return _stored_headers(ports.documents.get(HEADERS_COLLECTION, contract.name))


def remember_headers(ports: Ports, contract: Contract, header: Sequence[str]) -> None:
    """Add these headers to those of earlier files."""
    if contract.new_columns == "keep" or not header or len(header) > MAX_CHECKED_COLUMNS:
        return

    def extended(document: Document | None) -> Update | Document:
        earlier = _stored_headers(document)
        existing = set(earlier)
        added = [name for name in dict.fromkeys(header) if name not in existing]
        return document if document and not added else Update({"seen": [*earlier, *added]})

    update_document(ports.documents, HEADERS_COLLECTION, contract.name, extended)


def _stored_headers(document: Document | None) -> list[str]:
    return list(document.data["seen"]) if document else []
