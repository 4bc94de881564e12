"""Where the company's own contracts are kept: as files of a folder, or as documents where there is no folder."""

from pathlib import Path

from tillstream import audit
from tillstream.contracts import loader, yaml_writer
from tillstream.domain.contract.model import Contract, parse
from tillstream.domain.errors import Conflict
from tillstream.ports import Ports

COLLECTION = "own-contracts"


class InFolder:
    """YAML files that people edit too; they are read once, when the app is built."""

    def __init__(self, folder: Path, ports: Ports) -> None:
        self._folder = folder
        self._ports = ports

    def read(self) -> dict[str, Contract]:
        """The company's own contract stands before a shipped one of the same name. Raises `Rejected`."""
        return _agreed(loader.shipped() | loader.load_folder(self._folder))

    def save(self, contract: Contract, old: Contract | None, by: str) -> None:
        """Raises `Rejected`."""
        _agreed(self.read() | {contract.name: contract})
        yaml_writer.save(self._folder, contract)
        _tell(self._ports, contract, old, by)


class InDocuments:
    """Documents that every instance reads again before each event or request, since another may have saved one."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._shipped = loader.shipped()
        self._parsed: dict[tuple[str, int], Contract] = {}

    def read(self) -> dict[str, Contract]:
        """The company's own contract stands before a shipped one of the same name. Raises `Unavailable`."""
        found = self._ports.documents.find(COLLECTION)
        self._parsed = {
            (each.id, each.version): self._parsed.get((each.id, each.version)) or parse(each.data, each.id)
            for each in found
        }
        return self._shipped | {name: contract for (name, _), contract in self._parsed.items()}

    def save(self, contract: Contract, old: Contract | None, by: str) -> None:
        """Raises `Rejected`; `Conflict`: somebody else saved the same contract just now."""
        current = self.read()
        if current.get(contract.name) != old:
            raise Conflict(f"Somebody else saved the contract {contract.name} just now. Look at theirs first.")
        _agreed(current | {contract.name: contract})
        known = next((version for name, version in self._parsed if name == contract.name), 0)
        self._ports.documents.put(COLLECTION, contract.name, contract.model_dump(mode="json"), if_version=known)
        _tell(self._ports, contract, old, by)


def _agreed(known: dict[str, Contract]) -> dict[str, Contract]:
    loader.agree(known.values())
    return known


def _tell(ports: Ports, contract: Contract, old: Contract | None, by: str) -> None:
    before, after = old.model_dump(mode="json") if old else {}, contract.model_dump(mode="json")
    changed = [name for name, value in after.items() if before.get(name) != value]
    was = {name: before[name] for name in changed} if old else None
    audit.record(ports, by, audit.What.CONTRACT_SAVED, contract.name, was, {name: after[name] for name in changed})
