"""Stores of the company's own contracts: files of a folder, or documents if there is no folder."""

from pathlib import Path

from tillstream import audit
from tillstream.contracts import loader, yaml_writer
from tillstream.domain.contract.model import Contract, parse
from tillstream.domain.errors import Conflict
from tillstream.ports import Ports

COLLECTION = "own-contracts"


def read_folder(folder: Path) -> dict[str, Contract]:
    """Return all contracts; the company's own override shipped ones of the same name. Raises `Rejected`."""
    return _checked(loader.shipped() | loader.load_folder(folder))


class InFolder:
    """Contracts as YAML files, which users may also edit; read once, when the app is built."""

    def __init__(self, folder: Path, ports: Ports) -> None:
        self._folder = folder
        self._ports = ports

    def read(self) -> dict[str, Contract]:
        """As `read_folder`."""
        return read_folder(self._folder)

    def save(self, contract: Contract, old: Contract | None, by: str) -> None:
        """Save a contract version. Raises `Rejected` if it conflicts with others."""
        _checked(self.read() | {contract.name: contract})
        yaml_writer.save(self._folder, contract)
        _audit_save(self._ports, contract, old, by)


class InDocuments:
    """Contracts as documents; reread before each event or request, as another instance may have saved one."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._shipped = loader.shipped()
        self._parsed: dict[tuple[str, int], Contract] = {}

    def read(self) -> dict[str, Contract]:
        """Return all contracts; the company's own override shipped ones of the same name. Raises `Unavailable`."""
        documents = self._ports.documents.find(COLLECTION)
        self._parsed = {
            (document.id, document.version): self._parsed.get((document.id, document.version))
            or parse(document.data, document.id)
            for document in documents
        }
        return self._shipped | {name: contract for (name, _), contract in self._parsed.items()}

    def save(self, contract: Contract, old: Contract | None, by: str) -> None:
        """Save a contract version. Raises `Rejected`, and `Conflict` if it was saved concurrently."""
        current = self.read()
        if current.get(contract.name) != old:
            raise Conflict(
                f"The contract {contract.name} was changed by someone else in the meantime. Check the new version "
                "first."
            )
        _checked(current | {contract.name: contract})
        current_version = next((version for name, version in self._parsed if name == contract.name), 0)
        self._ports.documents.put(
            COLLECTION, contract.name, contract.model_dump(mode="json"), if_version=current_version
        )
        _audit_save(self._ports, contract, old, by)


def _checked(contracts: dict[str, Contract]) -> dict[str, Contract]:
    loader.check_sale_ids(contracts.values())
    return contracts


def _audit_save(ports: Ports, contract: Contract, old: Contract | None, by: str) -> None:
    before, after = old.model_dump(mode="json") if old else {}, contract.model_dump(mode="json")
    changed = [name for name, value in after.items() if before.get(name) != value]
    was = {name: before[name] for name in changed} if old else None
    audit.record(
        ports, by, audit.AuditAction.CONTRACT_SAVED, contract.name, was, {name: after[name] for name in changed}
    )
