"""Decisions on a held batch: confirm it, assign another contract, accept a proposal, or reject it."""

from tillstream.contracts import registry, source_settings
from tillstream.contracts.registry import ContractRegistry, contract_version
from tillstream.model.audit import AuditAction
from tillstream.model.batch import REJECTED_BY, SPELLING_HOLDS, STATES_IN_LEDGER, Batch, BatchState, HoldCode
from tillstream.model.contract import parse_contract
from tillstream.model.errors import Rejected
from tillstream.pipeline.staging import stage
from tillstream.ports import Ports
from tillstream.records import batch_records
from tillstream.workflows.onboarding import proposals
from tillstream.workflows.review import replay


def confirm(ports: Ports, batch: str, by: str, *, as_new: bool = False) -> Batch:
    """Release a held batch; with `as_new`, give a repeat of known bytes its own place in time.

    Raises `Rejected` if the state of the batch does not allow it, `NotFound`.
    """
    upload = batch_records.get_batch(ports, batch)
    batch_records.check_batch_of_home(ports, upload)
    if upload.state is BatchState.HELD and not upload.contract:
        raise Rejected(f"{upload.file} has no contract yet. Choose one with `--region` or in the portal.")
    if upload.state is BatchState.HELD and not upload.staged:
        raise Rejected(
            f"{upload.file} cannot be read with {upload.contract}. Accept the proposed version, choose another "
            "contract, or reject the file."
        )
    if upload.state is BatchState.HELD and upload.staged:
        contract = contract_version(ports.documents, upload.contract, upload.contract_version)
        source_settings.remember_headers(ports, contract, upload.staged.columns)
        if HoldCode.FIRST_LOAD in upload.hold_codes:
            registry.confirm_contract(ports, upload.contract, by)
        confirmed = batch_records.transition_batch(
            ports,
            batch,
            BatchState.STAGED,
            only_from=frozenset({BatchState.HELD}),
            audit=(by, AuditAction.UPLOAD_CONFIRMED),
            confirmed=upload.confirmed_with_holds,
            holds=(),
            as_new=as_new,
        )
        batch_records.publish_staged(ports, confirmed)
        return confirmed
    if not as_new:
        raise Rejected(f"{upload.file} is {upload.state}. Only a held upload can be confirmed.")
    if upload.state not in STATES_IN_LEDGER or not upload.is_file or upload.as_new:
        raise Rejected(f"{upload.file} is {upload.state}. Only a settled upload can be confirmed as new.")
    return stage.stage(ports, replay.replay_as_new(ports, upload, by).batch_id)


def assign_contract(
    ports: Ports,
    contracts: ContractRegistry,
    batch: str,
    contract: str,
    by: str,
    *,
    confirmed: tuple[str, ...] | None = None,
) -> Batch:
    """Assign a contract to a held upload; staging follows and checks its holds again.

    confirmed: holds that are not checked again; None: those whose confirmation does not depend on the version. Raises
    `Rejected` if the upload is not held, `NotFound`.
    """
    upload = batch_records.get_batch(ports, batch)
    batch_records.check_batch_of_home(ports, upload)
    if upload.state is not BatchState.HELD or not upload.is_file:
        raise Rejected(f"{upload.file} is {upload.state}. Only the contract of a held upload can be changed.")
    pinned = contracts.pin(contract)
    moved = batch_records.transition_batch(
        ports,
        batch,
        BatchState.RECEIVED,
        only_from=frozenset({BatchState.HELD}),
        audit=(by, AuditAction.UPLOAD_REREAD),
        contract=pinned.name,
        contract_version=pinned.version,
        region=pinned.region,
        holds=(),
        confirmed=replay.still_confirmed(upload, pinned.name) if confirmed is None else confirmed,
        staged=None,
        proposed=None,
    )
    batch_records.publish_received(ports, moved)
    return moved


def accept(ports: Ports, contracts: ContractRegistry, batch: str, by: str) -> Batch:
    """Save the contract version proposed for a held upload and read the upload with it; staging follows.

    Raises `Rejected` if none is proposed, or if it conflicts with other contracts.
    """
    upload = batch_records.get_batch(ports, batch)
    batch_records.check_batch_of_home(ports, upload)
    if upload.state is not BatchState.HELD or not upload.proposed:
        decide = " Confirm or reject it." if upload.state is BatchState.HELD else ""
        raise Rejected(f"No new contract version is proposed for {upload.file}.{decide}")
    if not upload.contract:
        saved = proposals.save_proposed(contracts, upload, upload.proposed, by)
        registry.confirm_contract(ports, saved.name, by)  # the proposal has the figures
        return assign_contract(ports, contracts, batch, saved.name, by)
    # a version saved for another file meanwhile is tried first; if it does not match, the file is held again
    confirmed = None
    if contracts.current(upload.contract).version == upload.contract_version:
        contracts.save(parse_contract(upload.proposed.contract, f"the proposal for {upload.contract}"), by)
        if upload.hold_codes <= frozenset(SPELLING_HOLDS):  # only IDs or products are read differently
            confirmed = upload.confirmed
    return assign_contract(ports, contracts, batch, upload.contract, by, confirmed=confirmed)


def reject(ports: Ports, batch: str, by: str, reason: str = "") -> Batch:
    """Reject a batch permanently; its bytes stay stored and it never counts."""
    batch_records.check_batch_of_home(ports, batch_records.get_batch(ports, batch))
    words = f"{REJECTED_BY}{by}" + (f": {reason}" if reason else ".")
    return batch_records.transition_batch(
        ports, batch, BatchState.REJECTED, only_from=None, audit=(by, AuditAction.UPLOAD_REJECTED), error=words
    )
