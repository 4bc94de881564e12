"""Decisions and previews of users: in this process or, in a project, in the function `decide`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from tillstream.analytics import changes
from tillstream.analytics.changes import ChangeReport
from tillstream.analytics.query_cache import QueryCache
from tillstream.contracts.registry import ContractRegistry
from tillstream.intake import resumable_upload, upload_completion
from tillstream.model.batch import Batch, BatchKind, may_change_batches, may_see_batch
from tillstream.model.contract import parse_contract
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import NotFound, Rejected, Unavailable
from tillstream.model.json_text import restore_typed_values
from tillstream.model.people import BeyondScope, Scope
from tillstream.model.permissions import Action
from tillstream.people.accounts import current_scope
from tillstream.pipeline.settling import large_job
from tillstream.ports import Ports
from tillstream.ports.jobs import DECIDE_FUNCTION
from tillstream.ports.warehouse import SettlementResult, WarehouseQuery
from tillstream.receipts.receipt import Receipt
from tillstream.records import batch_records
from tillstream.review import correction_workspace, settlement_previews, undo
from tillstream.review.correction_workspace import CorrectionWorkspace, DraftPreview
from tillstream.review.settlement_previews import ReplayPreview
from tillstream.review.undo import UndoResult

UNDO_WAIT_SECONDS, PREVIEW_WAIT_SECONDS = 25.0, 240.0
"""How long a user waits. An undo that takes longer continues, and its page follows it."""


class DecisionKind(StrEnum):
    UNDO = "undo"
    PREVIEW_UNDO = "preview undo"
    PREVIEW_CONFIRMATION = "preview confirmation"
    PREVIEW_REPLAY = "preview replay"
    PREVIEW_CORRECTION = "preview correction"
    DRY_RUN = "dry run"


@dataclass(frozen=True)
class UserDecision:
    """Its rights and rows are those of the account, which a token may limit; it has no others."""

    work: DecisionKind
    by: str
    """Sign-in name of the user."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """JSON values, such as the id of the batch."""
    actions: tuple[str, ...] | None = None
    """The actions that a token permits; None without a token."""
    regions: tuple[str, ...] | None = None
    """The regions that a token leaves of those of its user; None: all."""

    @classmethod
    def from_request(cls, work: DecisionKind, by: str, scope: Scope, **arguments: Any) -> "UserDecision":
        """scope: the one of the request."""
        actions = None if scope.only is None else tuple(sorted(scope.only))
        return cls(work, by, arguments, actions, None if actions is None else scope.regions)

    def to_json(self) -> JsonObject:
        return {
            "work": self.work.value,
            "by": self.by,
            "arguments": dict(self.arguments),
            "actions": self.actions,
            "regions": self.regions,
        }

    @classmethod
    def from_json(cls, data: Any) -> "UserDecision":
        """Raises `Rejected`."""
        try:
            actions = data["actions"]
            return cls(
                DecisionKind(data["work"]),
                str(data["by"]),
                dict(data["arguments"]),
                None if actions is None else tuple(map(Action, actions)),
                None if data["regions"] is None else tuple(data["regions"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Rejected("The request is not a decision.") from error

    def scope(self, ports: Ports) -> Scope:
        """As the account is now. Raises as `current_scope`."""
        scope = current_scope(ports, self.by)
        if self.actions is not None:
            scope = scope.restrict(frozenset(map(Action, self.actions)))
        if self.regions is not None:
            scope = replace(scope, regions=tuple(filter(scope.covers_region, self.regions)))
        return scope


@dataclass(frozen=True)
class DecisionContext:
    """What decisions need."""

    ports: Ports
    contracts: ContractRegistry
    queries: QueryCache
    workspace: CorrectionWorkspace = field(default_factory=CorrectionWorkspace)
    """Rejected rows that are kept in memory, for a process with several requests."""


@dataclass(frozen=True)
class DecisionPerformer:
    """A decision whose user may make it."""

    ledger: DecisionContext
    by: str
    scope: Scope

    def undo(self, batch: str) -> UndoResult:
        upload = self._own(batch)
        corrections = batch_records.child_batches(self.ledger.ports, batch, BatchKind.CORRECTION)
        if not may_change_batches(self.scope, upload, corrections):
            raise BeyondScope(f"{upload.file} also contains sales of stores outside your scope.")
        return undo.undo_batch(self.ledger.ports, upload.batch_id, self.by)

    def preview_undo(self, batch: str, currency: str) -> JsonObject:
        upload = self._own(batch)
        return self._changes(
            lambda questions: undo.preview_undo_settlement(self.ledger.ports, upload.batch_id, questions), currency
        )

    def preview_confirmation(self, batch: str, currency: str, *, as_new: bool) -> JsonObject:
        upload, ledger = self._own(batch), self.ledger
        receipts: list[Receipt] = []

        def attempt(questions: Sequence[WarehouseQuery]) -> SettlementResult:
            receipt, settled = settlement_previews.preview_confirmation(
                ledger.ports, ledger.contracts, upload.batch_id, questions, as_new=as_new
            )
            receipts.append(receipt)
            return settled

        changed = self._changes(attempt, currency)
        return {"receipt": receipts[-1], "changes": changed}

    def preview_replay(self, batch: str, contract: str | None, received: str = "") -> ReplayPreview:
        upload, ledger = self._own(batch), self.ledger
        if contract and not self.scope.covers_region(ledger.contracts.pin(contract).region):
            raise NotFound(f"There is no data source {contract}.")
        return settlement_previews.preview_replay(
            ledger.ports, ledger.contracts, upload.batch_id, contract, stores=self.scope.stores, received=received
        )

    def preview_correction(self, batch: str) -> DraftPreview:
        ledger = self.ledger
        return correction_workspace.preview_draft(
            ledger.ports, ledger.contracts, ledger.workspace, self._own(batch), self.scope.stores
        )

    def dry_run(self, upload: str, contract: Mapping[str, Any]) -> Receipt:
        ports, parsed = self.ledger.ports, parse_contract(contract)
        if not self.scope.covers_region(parsed.region):  # the receipt depends on sales of the region
            raise NotFound(f"There is no data source {parsed.name}.")
        sent = resumable_upload.get_upload(ports, upload, self.by)
        with upload_completion.open_complete_upload(ports, sent) as stream:
            return settlement_previews.dry_run_file(ports, self.ledger.contracts, parsed, sent.file, stream)

    def _own(self, batch: str) -> Batch:
        upload = batch_records.get_batch(self.ledger.ports, batch)
        if not may_see_batch(self.scope, self.by, upload):
            raise NotFound(f"There is no batch {batch}.")
        return upload

    def _changes(self, attempt: Callable[[Sequence[WarehouseQuery]], SettlementResult], currency: str) -> JsonObject:
        warehouse, queries = self.ledger.ports.warehouse, self.ledger.queries
        return asdict(changes.preview_changes(warehouse, self.scope, attempt, queries, currency=currency))


DECISION_WORK: Mapping[DecisionKind, tuple[Action, Callable[..., Any]]] = MappingProxyType(
    {
        DecisionKind.UNDO: (Action.DECIDE, DecisionPerformer.undo),
        DecisionKind.PREVIEW_UNDO: (Action.DECIDE, DecisionPerformer.preview_undo),
        DecisionKind.PREVIEW_CONFIRMATION: (Action.SEE_UPLOADS, DecisionPerformer.preview_confirmation),
        DecisionKind.PREVIEW_REPLAY: (Action.UPLOAD, DecisionPerformer.preview_replay),
        DecisionKind.PREVIEW_CORRECTION: (Action.UPLOAD, DecisionPerformer.preview_correction),
        DecisionKind.DRY_RUN: (Action.UPLOAD, DecisionPerformer.dry_run),
    }
)
"""Work → the action that it requires, and what performs it with the arguments of the decision."""


def perform_decision(ledger: DecisionContext, decision: UserDecision) -> Any:
    """Perform a decision; return its result as JSON values with decimals and dates.

    Raises `Rejected` if the user may not make it, `NotFound`, and what the work raises.
    """
    scope = decision.scope(ledger.ports)
    action, work = DECISION_WORK[decision.work]
    if not scope.may(action):
        raise Rejected(f"The account {decision.by} may not {decision.work}.")
    return work(DecisionPerformer(ledger, decision.by, scope), **decision.arguments)


def request_decision(ledger: DecisionContext, decision: UserDecision) -> Any:
    """Return the result of a decision as `perform_decision` does; raises as it does, and `Unavailable`."""
    functions = ledger.ports.functions
    if functions is None:
        return perform_decision(ledger, decision)
    if decision.work is not DecisionKind.UNDO:
        return restore_typed_values(functions.call(DECIDE_FUNCTION, decision.to_json(), PREVIEW_WAIT_SECONDS))
    batch = decision.arguments["batch"]
    requested = undo.request_undo(ledger.ports, batch, decision.by)  # first: the sweep continues a call that is lost
    try:
        return restore_typed_values(functions.call(DECIDE_FUNCTION, decision.to_json(), UNDO_WAIT_SECONDS))
    except Unavailable:
        return requested
    except Rejected:
        large_job.close_request(ledger.ports, batch)
        raise


def changes_of(result: Any) -> ChangeReport:
    """The changes in the result of a preview."""
    return ChangeReport(**result)
