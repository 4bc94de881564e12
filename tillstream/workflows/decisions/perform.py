"""Performs decisions, with the rights that their user has at that time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any

from tillstream.analytics import changes
from tillstream.analytics.query_cache import QueryCache
from tillstream.contracts.registry import ContractRegistry
from tillstream.model import batch as model_batch
from tillstream.model.batch import Batch, BatchKind
from tillstream.model.contract import parse_contract
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.people import Action, BeyondScope, Scope
from tillstream.ports import Ports
from tillstream.ports.warehouse import SettlementResult, WarehouseQuery
from tillstream.receipts.receipt import Receipt
from tillstream.records import batch_records
from tillstream.workflows.corrections.drafts import submit
from tillstream.workflows.corrections.drafts.workspace import Workspace
from tillstream.workflows.decisions.decision import Decision, Work
from tillstream.workflows.intake import complete_upload, resumable_upload
from tillstream.workflows.review import decision_preview, dry_run, replay_preview, undo


@dataclass(frozen=True)
class Ledger:
    """What decisions need."""

    ports: Ports
    contracts: ContractRegistry
    queries: QueryCache
    workspace: Workspace = field(default_factory=Workspace)
    """Rejected rows that are kept in memory, for a process with several requests."""


@dataclass(frozen=True)
class Performer:
    """A decision whose user may make it."""

    ledger: Ledger
    by: str
    scope: Scope

    def undo(self, batch: str) -> dict[str, Any]:
        upload = self._own(batch)
        corrections = batch_records.child_batches(self.ledger.ports, batch, BatchKind.CORRECTION)
        if not model_batch.may_change_batches(self.scope, upload, corrections):
            raise BeyondScope(f"{upload.file} also contains sales of stores outside your scope.")
        return undo.undo(self.ledger.ports, upload.batch_id, self.by)

    def preview_undo(self, batch: str, currency: str) -> dict[str, Any]:
        upload = self._own(batch)
        return self._changes(
            lambda questions: undo.preview_settlement(self.ledger.ports, upload.batch_id, questions), currency
        )

    def preview_confirmation(self, batch: str, currency: str, *, as_new: bool) -> dict[str, Any]:
        upload, ledger = self._own(batch), self.ledger
        receipts: list[Receipt] = []

        def attempt(questions: Sequence[WarehouseQuery]) -> SettlementResult:
            receipt, settled = decision_preview.preview(
                ledger.ports, ledger.contracts, upload.batch_id, questions, as_new=as_new
            )
            receipts.append(receipt)
            return settled

        changed = self._changes(attempt, currency)
        return {"receipt": receipts[-1], "changes": changed}

    def preview_replay(self, batch: str, contract: str | None, received: str = "") -> dict[str, Any]:
        upload, ledger = self._own(batch), self.ledger
        if contract and not self.scope.covers_region(ledger.contracts.pin(contract).region):
            raise NotFound(f"There is no data source {contract}.")
        return replay_preview.preview(
            ledger.ports, ledger.contracts, upload.batch_id, contract, stores=self.scope.stores, received=received
        )

    def preview_correction(self, batch: str) -> dict[str, Any]:
        ledger = self.ledger
        return submit.preview(ledger.ports, ledger.contracts, ledger.workspace, self._own(batch), self.scope.stores)

    def dry_run(self, upload: str, contract: Mapping[str, Any]) -> Receipt:
        ports, parsed = self.ledger.ports, parse_contract(contract)
        if not self.scope.covers_region(parsed.region):  # the receipt depends on sales of the region
            raise NotFound(f"There is no data source {parsed.name}.")
        sent = resumable_upload.get(ports, upload, self.by)
        with complete_upload.open_complete(ports, sent) as stream:
            return dry_run.dry_run(ports, self.ledger.contracts, parsed, sent.file, stream)

    def _own(self, batch: str) -> Batch:
        upload = batch_records.get_batch(self.ledger.ports, batch)
        if not model_batch.may_see_batch(self.scope, self.by, upload):
            raise NotFound(f"There is no batch {batch}.")
        return upload

    def _changes(
        self, attempt: Callable[[Sequence[WarehouseQuery]], SettlementResult], currency: str
    ) -> dict[str, Any]:
        warehouse, queries = self.ledger.ports.warehouse, self.ledger.queries
        return asdict(changes.preview_changes(warehouse, self.scope, attempt, queries, currency=currency))


WORK: Mapping[Work, tuple[Action, Callable[..., Any]]] = MappingProxyType(
    {
        Work.UNDO: (Action.DECIDE, Performer.undo),
        Work.PREVIEW_UNDO: (Action.DECIDE, Performer.preview_undo),
        Work.PREVIEW_CONFIRMATION: (Action.SEE_UPLOADS, Performer.preview_confirmation),
        Work.PREVIEW_REPLAY: (Action.UPLOAD, Performer.preview_replay),
        Work.PREVIEW_CORRECTION: (Action.UPLOAD, Performer.preview_correction),
        Work.DRY_RUN: (Action.UPLOAD, Performer.dry_run),
    }
)
"""Work → the action that it requires, and what performs it with the arguments of the decision."""


def perform(ledger: Ledger, decision: Decision) -> Any:
    """Perform a decision; return its result as JSON values with decimals and dates.

    Raises `Rejected` if the user may not make it, `NotFound`, and what the work raises.
    """
    scope = decision.scope(ledger.ports)
    action, work = WORK[decision.work]
    if not scope.may(action):
        raise Rejected(f"The account {decision.by} may not {decision.work}.")
    return work(Performer(ledger, decision.by, scope), **decision.arguments)
