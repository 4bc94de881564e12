"""Contracts proposed for a file; the file is held until an administrator decides."""

from collections.abc import Iterable

from tillstream.contracts.registry import ContractRegistry
from tillstream.model.audit import AuditAction
from tillstream.model.batch import Batch, BatchState, ContractProposal, Hold, HoldCode
from tillstream.model.contract import Contract, parse_contract
from tillstream.model.errors import Rejected
from tillstream.model.uploads import ResumableUpload
from tillstream.ports import Ports
from tillstream.ports.objects import StoredObject
from tillstream.records import batch_records, batch_registration

NON_READING_FIELDS = frozenset({"version", "description"})
"""Fields that do not affect how a contract reads files."""


def proposal_of(contract: Contract, changes: Iterable[str]) -> ContractProposal:
    """Return the proposal of a contract. changes: descriptions for the reviewer."""
    return ContractProposal(contract.model_dump(mode="json"), tuple(changes))


def register_proposed(ports: Ports, stored: StoredObject, sent: ResumableUpload, proposal: ContractProposal) -> Batch:
    """Create the record of a file held for its proposed contract."""
    held = _proposal_hold(sent.by, proposal.contract["name"])
    return batch_registration.register_batch(ports, None, stored, sent.by, file=sent.file, held=held, proposed=proposal)


def propose_contract(ports: Ports, batch: str, contract: Contract, changes: Iterable[str], by: str) -> Batch:
    """Propose a contract for a held upload. Raises `Rejected` if the upload is not held, `NotFound`."""
    upload = batch_records.get_batch(ports, batch)
    if upload.state is not BatchState.HELD:
        raise Rejected(f"{upload.file} is {upload.state}. A contract can be proposed only for a held file.")
    earlier = (hold for hold in upload.holds if hold.code is not HoldCode.CONTRACT_PROPOSED)
    return batch_records.transition_batch(
        ports,
        batch,
        BatchState.HELD,
        only_from=frozenset({BatchState.HELD}),
        audit=(by, AuditAction.CONTRACT_PROPOSED),
        proposed=proposal_of(contract, changes),
        holds=(*earlier, _proposal_hold(by, contract.name)),
    )


def pending_proposals(ports: Ports) -> list[Batch]:
    """Return held files with a proposed contract, newest first."""
    return [
        one for one in batch_records.find_batches(ports, state=BatchState.HELD, kind=None, limit=None) if one.proposed
    ]


def save_proposed_contract(contracts: ContractRegistry, upload: Batch, proposal: ContractProposal, by: str) -> Contract:
    """Save and return the proposed contract. Raises `Rejected` if a different contract has its name by now."""
    proposed = parse_contract(proposal.contract, f"the contract proposed for {upload.file}")
    existing = contracts.in_use().get(proposed.name)
    if existing is None:
        return contracts.save(proposed, by)
    if existing.model_dump(exclude=set(NON_READING_FIELDS)) != proposed.model_dump(exclude=set(NON_READING_FIELDS)):
        raise Rejected(
            f"A different contract {proposed.name} was created in the meantime. Choose that contract for "
            f"{upload.file}, or reject the file and have it uploaded again."
        )
    return existing


def _proposal_hold(by: str, contract: str) -> Hold:
    detail = f"{by} answered the questions about the file and proposed the data source {contract}."
    return Hold.from_code(HoldCode.CONTRACT_PROPOSED, detail=detail)
