"""Stores of the company's own contracts: files of a folder, or documents if there is no folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tillstream.contracts import contract_files
from tillstream.contracts.registry import CONTRACTS_COLLECTION as PINNED
from tillstream.contracts.registry import contracts_in_use
from tillstream.model import audit
from tillstream.model.contract import Contract, parse_contract
from tillstream.model.errors import Conflict, Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document
from tillstream.ports.files import FileFinding, LostContent
from tillstream.records import audit_log, losses
from tillstream.records.losses import LossKind

OWN_CONTRACTS = "own-contracts"
FROM_BACKUP = "copy it from a backup"


CONTRACTS_FOLDER = "contracts"
"""Start of the names of files of contracts as losses."""


@dataclass(frozen=True)
class OwnContracts:
    """contracts: all of them, by name, also shipped ones. findings: contracts with which no file may be read, by name,
    and why; `contracts` has the last whole one, if there is one."""

    contracts: dict[str, Contract]
    findings: dict[str, FileFinding]

    @property
    def problems(self) -> dict[str, str]:
        return {name: str(finding) for name, finding in self.findings.items()}


class ContractsInFolder:
    """Contracts as YAML files, which users may also edit. A document has a copy of each as it was last whole."""

    def __init__(self, folder: Path, ports: Ports, *, read_only: bool = False) -> None:
        self._folder, self._ports, self._read_only = folder, ports, read_only

    def read(self) -> OwnContracts:
        """Return all contracts; the company's own override shipped ones of the same name. Raises `Unavailable`."""
        files, damaged = contract_files.read_contract_folder(self._folder)
        kept = {one.id: one for one in self._ports.documents.find(OWN_CONTRACTS)}
        findings = {Path(file).stem: self._damaged(file, str(error)) for file, error in damaged.items()}
        for name in kept.keys() - files.keys() - findings.keys():
            if losses.is_final(self._ports, LossKind.STATE, self._path(name)):  # a person removed it
                self._forget(name)
            else:
                findings[name] = self._missing(name)
        own = {}
        for name in {*files, *findings}:
            if name not in findings and (finding := self._changed(files[name], kept.get(name))):
                findings[name] = finding
            if name not in findings:
                own[name] = files[name]
            elif whole := self._last_whole(name, kept.get(name)):
                own[name] = whole
        self._leave_out_conflicting(own, kept, findings)
        for name in own.keys() - findings.keys():
            self._keep(own[name], kept.get(name))
        return OwnContracts(contract_files.shipped_contracts() | own, findings)

    def save(self, contract: Contract, old: Contract | None, by: str) -> None:
        """Save a contract version. Raises `Rejected` if it conflicts with others."""
        _check_sale_ids(self._ports, self.read().contracts | {contract.name: contract})
        contract_files.write_contract_file(self._folder, contract)
        self._keep(contract, self._ports.documents.get(OWN_CONTRACTS, contract.name))
        _audit_save(self._ports, contract, old, by)

    def _keep(self, contract: Contract, before: Document | None) -> None:
        data = contract.model_dump(mode="json")
        if not self._read_only and (before is None or before.data != data):
            self._ports.documents.put(OWN_CONTRACTS, contract.name, data)

    def _forget(self, name: str) -> None:
        if not self._read_only:
            self._ports.documents.delete(OWN_CONTRACTS, name)

    def _last_whole(self, name: str, kept: Document | None) -> Contract | None:
        """The contract as it was last whole, or else the greatest version that has read a file."""
        if kept:
            return parse_contract(kept.data, name)
        versions = self._ports.documents.find(PINNED, above=f"{name}@", below=f"{name}A")
        return max((parse_contract(one.data, one.id) for one in versions), key=lambda one: one.version, default=None)

    def _changed(self, contract: Contract, kept: Document | None) -> FileFinding | None:
        """What is found of a file that has another contract than before, without a new version."""
        file, before = self._path(contract.name), kept.data["version"] if kept else 0
        pinned = self._ports.documents.get(PINNED, f"{contract.name}@{contract.version}")
        if contract.version < before and self._ports.documents.get(PINNED, f"{contract.name}@{before}"):
            message = f"{file} has version {contract.version}, but had version {before}."
        elif (
            pinned and pinned.data != contract.model_dump(mode="json") and parse_contract(pinned.data, file) != contract
        ):
            message = f"{file} changed, but its version is still {contract.version}, with which files were read before."
        else:
            return None
        version = max(contract.version, before) + 1
        remedy = f"If you changed it, change the version to {version}. Otherwise {FROM_BACKUP}."
        return self._finding(contract.name, message, remedy)

    def _damaged(self, file: str, error: str) -> FileFinding:
        """What is found of a file that is no contract; `error` names it."""
        return self._finding(Path(file).stem, error, f"Correct it, or {FROM_BACKUP}.", file)

    def _missing(self, name: str) -> FileFinding:
        accepted = "If you removed it, accept that as a loss on the page Status or with `tillstream losses accept`."
        return self._finding(
            name, f"{self._path(name)} is missing.", f"{FROM_BACKUP[0].upper()}{FROM_BACKUP[1:]}. {accepted}"
        )

    def _finding(self, name: str, message: str, remedy: str, file: str = "") -> FileFinding:
        held = f"No file is read with the contract {name} until then; accepted sales of stores are read as before."
        return FileFinding(
            f"{CONTRACTS_FOLDER}/{file}" if file else self._path(name), message, f"{remedy} {held}", LostContent.STATE
        )

    def _path(self, name: str) -> str:
        """The name of the file of a contract as a loss."""
        file = f"{name}.yml" if (self._folder / f"{name}.yml").exists() else f"{name}.yaml"
        return f"{CONTRACTS_FOLDER}/{file}"

    def _leave_out_conflicting(
        self, own: dict[str, Contract], kept: Mapping[str, Document], findings: dict[str, FileFinding]
    ) -> None:
        """If contracts contradict each other, take those that changed as they were before, or leave them out."""
        try:
            _check_sale_ids(self._ports, contract_files.shipped_contracts() | own)
        except Rejected as error:
            for name, contract in sorted(own.items()):
                before = kept.get(name)
                if before and parse_contract(before.data, name) == contract:
                    continue
                findings[name] = self._finding(name, str(error), f"Correct {self._path(name)}, or {FROM_BACKUP}.")
                if before:
                    own[name] = parse_contract(before.data, name)
                else:
                    del own[name]


class ContractsInDocuments:
    """Contracts as documents; reread before each event or request, as another instance may have saved one."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._shipped = contract_files.shipped_contracts()
        self._parsed: dict[tuple[str, int], Contract] = {}

    def read(self) -> dict[str, Contract]:
        """Return all contracts; the company's own override shipped ones of the same name. Raises `Unavailable`."""
        documents = self._ports.documents.find(OWN_CONTRACTS)
        self._parsed = {
            (document.id, document.version): self._parsed.get((document.id, document.version))
            or parse_contract(document.data, document.id)
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
        _check_sale_ids(self._ports, current | {contract.name: contract})
        current_version = next((version for name, version in self._parsed if name == contract.name), 0)
        self._ports.documents.put(
            OWN_CONTRACTS, contract.name, contract.model_dump(mode="json"), if_version=current_version
        )
        _audit_save(self._ports, contract, old, by)


def _check_sale_ids(ports: Ports, contracts: Mapping[str, Contract]) -> None:
    """Raise `Rejected` if contracts in use contradict each other; a shipped one is checked when it is first used."""
    contract_files.check_sale_ids(contracts_in_use(ports.documents, contracts).values())


def _audit_save(ports: Ports, contract: Contract, old: Contract | None, by: str) -> None:
    before, after = old.model_dump(mode="json") if old else {}, contract.model_dump(mode="json")
    changed = [name for name, value in after.items() if before.get(name) != value]
    was = {name: before[name] for name in changed} if old else None
    audit_log.record(
        ports, by, audit.AuditAction.CONTRACT_SAVED, contract.name, was, {name: after[name] for name in changed}
    )
