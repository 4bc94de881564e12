"""Which contracts a company uses: its own, and those shipped with the product that have read a file."""

from tillstream.contracts import loader
from tillstream.contracts.registry import COLLECTION, ContractRegistry
from tillstream.ports import DocumentStore


def names_in_use(documents: DocumentStore, contracts: ContractRegistry) -> set[str]:
    """Names of the contracts in use; all names if there are none yet, as in a new home."""
    read = {str(document.data["name"]) for document in documents.find(COLLECTION)}
    shipped = loader.shipped()
    current = contracts.all()
    used = {name for name, contract in current.items() if name in read or shipped.get(name) != contract}
    return used or set(current)
