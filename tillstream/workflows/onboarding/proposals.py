"""Contracts proposed for a file; the file is held until an administrator decides."""

from collections.abc import Iterable
from typing import Any

from tillstream.audit import AuditAction
from tillstream.batches import records, registration
from tillstream.contracts.registry import ContractRegistry
from tillstream.domain.batch import Batch, Hold, State
from tillstream.domain.contract.model import Contract, parse
from tillstream.domain.errors import Rejected
from tillstream.domain.problems import CATALOGUE
from tillstream.domain.resumable_upload import ResumableUpload
from tillstream.ports import Ports
from tillstream.ports.object_store import StoredObject

PROPOSED = "contract-proposed"
IGNORED_FIELDS = frozenset({"version", "description"})
"""Fields that do not affect how a contract reads files."""


def of(contract: Contract, changes: Iterable[str]) -> dict[str, Any]:
    """Return a proposal in its stored form. changes: descriptions for the reviewer."""
    return {"contract": contract.model_dump(mode="json"), "changes": list(changes)}


def register(ports: Ports, stored: StoredObject, sent: ResumableUpload) -> Batch:
    """Create the record of a file held for its proposed contract."""
    name = sent.proposed["contract"]["name"]
    held = _hold(f"{sent.by} answered the questions about the file and proposed the contract {name}.")
    return registration.register(ports, None, stored, sent.by, file=sent.file, held=held, proposed=sent.proposed)


def propose(ports: Ports, batch: str, contract: Contract, changes: Iterable[str], by: str) -> Batch:
    """Propose a contract for a held upload. Raises `Rejected` if the upload is not held, `NotFound`."""
    upload = records.get(ports, batch)
    if upload.state is not State.HELD:
        raise Rejected(f"{upload.file} is {upload.state}. A contract can be proposed only for a held file.")
    held = _hold(f"{by} answered the questions about the file and proposed the contract {contract.name}.")
    holds = (*(one for one in upload.holds if one.code != PROPOSED), held)
    return records.transition(
        ports,
        batch,
        State.HELD,
        only_from=frozenset({State.HELD}),
        audit=(by, AuditAction.CONTRACT_PROPOSED),
        proposed=of(contract, changes),
        holds=holds,
    )


def pending(ports: Ports) -> list[Batch]:
    """Return held files with a proposed contract, newest first."""
    return [one for one in records.find(ports, state=State.HELD, kind=None, limit=None) if one.proposed]


def save_proposed(contracts: ContractRegistry, upload: Batch, by: str) -> Contract:
    """Save and return the proposed contract. Raises `Rejected` if a different contract has its name by now."""
    proposed = parse(upload.proposed["contract"], f"the contract proposed for {upload.file}")
    existing = contracts.all().get(proposed.name)
    if existing is None:
        return contracts.save(proposed, by)
    if existing.model_dump(exclude=set(IGNORED_FIELDS)) != proposed.model_dump(exclude=set(IGNORED_FIELDS)):
        raise Rejected(
            f"A different contract {proposed.name} was created in the meantime. Choose that contract for "
            f"{upload.file}, or reject the file and have it uploaded again."
        )
    return existing


def _hold(detail: str) -> Hold:
    return Hold(PROPOSED, CATALOGUE[PROPOSED].format_message(detail=detail))
