"""Decisions on an upload: confirm, reject, and undo with a preview."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Flask, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures, formats
from portal.access import allow
from portal.change_summary import summarize_change
from portal.context import TemplateContext, me, ports, scope, tillstream
from portal.translation import _
from portal.uploads import scoped
from portal.uploads.labels import version_saved
from portal.urls import go_to
from tillstream.intake import quarantined_messages
from tillstream.model.batch import Batch
from tillstream.model.permissions import Action
from tillstream.operations import delegated_decisions as decisions
from tillstream.operations.delegated_decisions import DecisionContext, DecisionKind, UserDecision, changes_of
from tillstream.ports.warehouse import Row
from tillstream.review import held_batches, undo
from tillstream.review.correction_workspace import CorrectionWorkspace
from tillstream.review.held_batches import decide_alike
from tillstream.sync import undo_requests

EXTENSION = "decisions"


def prepare(app: Flask) -> None:
    """Keep the rejected rows of uploads between requests."""
    app.extensions[EXTENSION] = CorrectionWorkspace()


def ask_decision(work: DecisionKind, **arguments: Any) -> Any:
    """Return the result of the work for the user, within the scope of the request. Raises as `perform_decision`."""
    app = tillstream()
    ledger = DecisionContext(app.ports, app.contracts, app.queries, workspace())
    return decisions.request_decision(ledger, UserDecision.from_request(work, me().login, scope(), **arguments))


def workspace() -> CorrectionWorkspace:
    shared: CorrectionWorkspace = current_app.extensions[EXTENSION]
    return shared


@allow(Action.DECIDE)
def confirm_upload(batch_id: str) -> ResponseReturnValue:
    upload = scoped.changeable_batch(batch_id)
    if chosen := request.form.get("contract", ""):
        contract = scoped.visible_contract(chosen).name
        read = _decide(
            upload,
            lambda one: held_batches.assign_contract(ports(), tillstream().contracts, one, contract, me().login),
        )
        return report_decided(_("{file} is being read with {source}.", file=upload.file, source=contract), read)
    as_new = bool(request.form.get("as_new"))
    decided = _decide(upload, lambda one: held_batches.confirm_batch(ports(), one, me().login, as_new=as_new))
    return report_decided(
        _("{file} is being imported. Its rows count within a few seconds.", file=upload.file), decided
    )


@allow(Action.ADMINISTER)
def accept_upload(batch_id: str) -> ResponseReturnValue:
    """Save the proposed version of the contract and read the held file with it."""
    upload = scoped.changeable_batch(batch_id)
    read = _decide(upload, lambda one: held_batches.accept_proposal(ports(), tillstream().contracts, one, me().login))
    return report_decided(version_saved(read[0].contract_version, read[0].contract, upload.file), read)


@allow(Action.DECIDE)
def reject_upload(batch_id: str) -> ResponseReturnValue:
    upload = scoped.changeable_batch(batch_id)
    reason = request.form.get("reason", "").strip()[:500]
    rejected = _decide(upload, lambda one: held_batches.reject_batch(ports(), one, me().login, reason))
    return report_decided(_("{file} is discarded. None of its rows is imported.", file=upload.file), rejected)


def _decide(upload: Batch, decide: Callable[[str], Batch]) -> list[Batch]:
    """Decide about a file, and with the field `all` about those that are held alike."""
    return decide_alike(upload, scoped.held_alike(upload) if request.form.get("all") else (), decide)


def report_decided(message: str, decided: Sequence[Batch]) -> ResponseReturnValue:
    """Go to the receipt of the first of the batches with a message about it, and the number of the others."""
    others = len(decided) - 1
    count = formats.many(others, "other file")
    return go_to(
        "uploads.receipt",
        f"{message} {_('The same answer was given for {count} with the same reasons.', count=count)}"
        if others
        else message,
        batch_id=decided[0].batch_id,
    )


@allow(Action.DECIDE)
def discard_sales(batch_id: str) -> ResponseReturnValue:
    """Discard quarantined sales of tills, each a line of their micro-batch."""
    quarantined_messages.discard_messages(ports(), *_chosen(batch_id), me().login)
    return go_to(
        "uploads.receipt",
        _("The sales are discarded. Their tills read it with the outcomes of their sales."),
        batch_id=batch_id,
    )


@allow(Action.ADMINISTER)
def accept_sales(batch_id: str) -> ResponseReturnValue:
    """Accept messages of tills whose key was revoked or unknown, or that were new to their region, when received."""
    quarantined_messages.accept_messages(ports(), *_chosen(batch_id), me().login)
    return go_to(
        "uploads.receipt", _("The messages are accepted, and settled as sales of their store."), batch_id=batch_id
    )


def _chosen(batch_id: str) -> tuple[str, set[int], str]:
    """Micro-batch, lines of the messages and reason of the request."""
    upload = scoped.changeable_batch(batch_id)
    return upload.batch_id, set(request.form.getlist("line", type=int)), request.form.get("reason", "")


@allow(Action.DECIDE)
def preview_undo(batch_id: str) -> ResponseReturnValue:
    """Preview of what undoing the upload would change."""
    upload = scoped.visible_batch(batch_id)
    if not undo.has_undo_preview(ports(), undo.undoable_batch(ports(), batch_id)):
        return render_template("uploads/undo.html", upload=upload, changed=None)
    change = changes_of(ask_decision(DecisionKind.PREVIEW_UNDO, batch=batch_id, currency=figures.currency()))
    return render_template("uploads/undo.html", upload=upload, changed=summarize_change(change, tried=True))


@allow(Action.DECIDE)
def undo_batch(batch_id: str) -> ResponseReturnValue:
    upload = scoped.changeable_batch(batch_id, with_corrections=True)
    done = ask_decision(DecisionKind.UNDO, batch=batch_id)
    if done.get("requested"):
        return go_to(
            "uploads.receipt",
            _("{file} is being undone. This takes some minutes; until then, its rows count.", file=upload.file),
            batch_id=batch_id,
        )
    flash(_("{file} is undone. Lines that other files also contain stay.", file=upload.file), "done")
    if done["settlement_no"]:
        return redirect(url_for("changes.settlement", number=done["settlement_no"]), 303)
    return redirect(url_for("uploads.receipt", batch_id=batch_id), 303)


@allow(Action.DECIDE)
def ask_home(batch_id: str) -> ResponseReturnValue:
    """Ask the home of a synced batch to undo it."""
    upload = scoped.changeable_batch(batch_id, with_corrections=True)
    request_ = undo_requests.ask_to_undo(ports(), upload.batch_id, request.form.get("reason", ""), me().login)
    return go_to(
        "uploads.receipt",
        _("{home} is asked to undo the file. Its answer arrives with one of its next syncs.", home=request_.home),
        batch_id=batch_id,
    )


def side_by_side(preview: Mapping[str, list[Row]]) -> list[TemplateContext]:
    """Changed totals before and after, within the regions of the user."""
    if scope().stores is not None:
        return []  # totals of a region include sales of other stores
    sides: dict[tuple[str, str], Row] = {}
    for side in ("before", "after"):
        for row in preview[side]:
            sides.setdefault((row["region"], row["currency"]), {})[side] = row
    nothing = {"line_count": 0, "net": 0}
    return [
        {"region": region, "currency": currency} | {side: totals.get(side, nothing) for side in ("before", "after")}
        for (region, currency), totals in sorted(sides.items())
        if scope().covers_region(region) and totals.get("before") != totals.get("after")
    ]
