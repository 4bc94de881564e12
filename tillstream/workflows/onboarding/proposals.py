"""Contracts proposed for a file; the file is held until an administrator decides."""

from collections.abc import Iterable

from tillstream.audit import AuditAction
from tillstream.batches import records, registration
from tillstream.contracts.registry import ContractRegistry
from tillstream.domain.batch.holds import Hold, HoldCode
from tillstream.domain.batch.proposal import Proposal
from tillstream.domain.batch.record import Batch, State
from tillstream.domain.contract.model import Contract, parse
from tillstream.domain.errors import Rejected
from tillstream.domain.resumable_upload import ResumableUpload
from tillstream.ports import Ports
from tillstream.ports.object_store import StoredObject

IGNORED_FIELDS = frozenset({"version", "description"})
"""Fields that do not affect how a contract reads files."""


def of(contract: Contract, changes: Iterable[str]) -> Proposal:
    """Return the proposal of a contract. changes: descriptions for the reviewer."""
    return Proposal(contract.model_dump(mode="json"), tuple(changes))


def register(ports: Ports, stored: StoredObject, sent: ResumableUpload, proposal: Proposal) -> Batch:
    """Create the record of a file held for its proposed contract."""
    held = _hold(sent.by, proposal.contract["name"])
    return registration.register(ports, None, stored, sent.by, file=sent.file, held=held, proposed=proposal)


def propose(ports: Ports, batch: str, contract: Contract, changes: Iterable[str], by: str) -> Batch:
    """Propose a contract for a held upload. Raises `Rejected` if the upload is not held, `NotFound`."""
    upload = records.get(ports, batch)
    if upload.state is not State.HELD:
        raise Rejected(f"{upload.file} is {upload.state}. A contract can be proposed only for a held file.")
    earlier = (hold for hold in upload.holds if hold.code is not HoldCode.CONTRACT_PROPOSED)
    return records.transition(
        ports,
        batch,
        State.HELD,
        only_from=frozenset({State.HELD}),
        audit=(by, AuditAction.CONTRACT_PROPOSED),
        proposed=of(contract, changes),
        holds=(*earlier, _hold(by, contract.name)),
    )


def pending(ports: Ports) -> list[Batch]:
    """Return held files with a proposed contract, newest first."""
    return [one for one in records.find(ports, state=State.HELD, kind=None, limit=None) if one.proposed]


def save_proposed(contracts: ContractRegistry, upload: Batch, proposal: Proposal, by: str) -> Contract:
    """Save and return the proposed contract. Raises `Rejected` if a different contract has its name by now."""
    proposed = parse(proposal.contract, f"the contract proposed for {upload.file}")
    existing = contracts.in_use().get(proposed.name)
    if existing is None:
        return contracts.save(proposed, by)
    if existing.model_dump(exclude=set(IGNORED_FIELDS)) != proposed.model_dump(exclude=set(IGNORED_FIELDS)):
        raise Rejected(
            f"A different contract {proposed.name} was created in the meantime. Choose that contract for "
            f"{upload.file}, or reject the file and have it uploaded again."
        )
    return existing


def _hold(by: str, contract: str) -> Hold:
    detail = f"{by} answered the questions about the file and proposed the data source {contract}."
    return Hold.of(HoldCode.CONTRACT_PROPOSED, detail=detail)
