"""The contract book: the current contracts, and every version that ever read a file."""

import difflib
from collections.abc import Callable, Mapping

from tillstream.domain.contract.model import Contract, parse
from tillstream.domain.errors import NotFound, Rejected
from tillstream.ports import DocumentStore

COLLECTION = "contracts"
NOBODY = parse(
    {
        "name": "store-sales",
        "region": "-",
        "description": "Store sales that name no known region: kept, never counted",
        "currency": "XXX",
        "columns": {"sale_id": "number", "date": "sold_at", "net_amount": "net_amount"},
        "identity": {"ids": "region-wide"},
    }
)


class ContractBook:
    """Contracts by name. Versions once used are kept in the documents, so that a rebuild reads as it was read then."""

    def __init__(
        self,
        documents: DocumentStore,
        contracts: Mapping[str, Contract],
        keep: Callable[[Contract, Contract | None, str], object] | None = None,
        read: Callable[[], Mapping[str, Contract]] | None = None,
    ) -> None:
        """keep: takes a saved contract, the one before it and who saved it. read: gives all anew, where others save."""
        self._documents = documents
        self._current = dict(contracts)
        self._keep = keep
        self._read = read

    def refresh(self) -> None:
        """See what other instances saved since: before each event, and before each request."""
        if self._read:
            self._current = dict(self._read())

    def names(self) -> list[str]:
        return sorted(self._current)

    def regions(self) -> list[str]:
        """What the contracts report to."""
        return sorted({contract.region for contract in self._current.values()})

    def current(self, name: str) -> Contract:
        """Raises `NotFound`, naming the nearest known contract."""
        try:
            return self._current[name]
        except KeyError:
            near = difflib.get_close_matches(name, self._current, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise NotFound(f"There is no contract {name!r}.{hint} Known are {', '.join(self.names())}.") from None

    def used(self, name: str) -> Contract:
        """The current contract, its version written down; `Rejected` if its text changed without a new version."""
        contract = self.current(name)
        key = f"{name}@{contract.version}"
        data = contract.model_dump(mode="json")
        kept = self._documents.get(COLLECTION, key)
        if kept is None:
            self._documents.put(COLLECTION, key, data)
        elif parse(kept.data, key) != contract:
            raise Rejected(
                f"Contract {name} changed, but still says version {contract.version}. "
                f"Give it version {contract.version + 1}."
            )
        return contract

    def save(self, contract: Contract, by: str) -> Contract:
        """Keep what a person decided as the contract's next version, from now on the current one.

        Raises `Rejected` where it names sales otherwise than others of its region, or cannot be kept.
        """
        saved = contract.model_copy(update={"version": self._next(contract.name)})
        if self._keep is None:
            raise Rejected("Contracts cannot be saved here.")
        self._keep(saved, self._current.get(saved.name), by)
        self._current[saved.name] = saved
        return self.used(saved.name)

    def all(self) -> dict[str, Contract]:
        return dict(self._current)

    def _next(self, name: str) -> int:
        """One more than any version that was current or has read a file."""
        current = self._current.get(name)
        version = current.version + 1 if current else 1
        while self._documents.get(COLLECTION, f"{name}@{version}"):
            version += 1
        return version

    def version(self, name: str, version: int) -> Contract:
        """As it was when it read the file; `NotFound` when it never did."""
        return contract_version(self._documents, name, version)

    def of_region(self, region: str) -> Contract | None:
        """The contract whose rules a region's tills and forms follow: the one named like it, else the first by name."""
        named = self._current.get(region)
        if named is not None and named.region == region:
            return named
        return next((self._current[name] for name in self.names() if self._current[name].region == region), None)


def contract_version(documents: DocumentStore, name: str, version: int) -> Contract:
    """A contract as it was when it read a file; `NotFound` when it never did."""
    if name == NOBODY.name:
        return NOBODY
    if not name:
        raise Rejected("Nobody has said yet by which contract the file is written: `confirm BATCH --region CONTRACT`.")
    kept = documents.get(COLLECTION, f"{name}@{version}")
    if kept is None:
        raise NotFound(f"Contract {name} version {version} is not known here.")
    return parse(kept.data, f"{name}@{version}")
