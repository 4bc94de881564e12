"""Answers to a held file: what each would change, with the numbers before and after."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures
from portal.access import allow
from portal.changes.change_summary import summarize
from portal.context import ports, scope, tillstream
from portal.review.several import can_import
from portal.uploads import held_questions, labels, scoped
from portal.uploads.decisions import ask
from tillstream.analytics.changes import ChangeReport
from tillstream.model.batch import Batch, BatchState
from tillstream.model.errors import Rejected
from tillstream.model.people import Action
from tillstream.operations.delegated_decisions import DecisionKind, changes_of
from tillstream.pipeline.staging import expiry
from tillstream.receipts import original_rows
from tillstream.receipts import receipt as receipts
from tillstream.receipts.receipt import Receipt
from tillstream.review import held_batches
from tillstream.review.settlement_previews import is_confirmation_previewable

SHOWN = 3
"""Rejected rows shown as evidence."""


@allow(Action.SEE_UPLOADS)
def show(batch_id: str) -> ResponseReturnValue:
    """Page of one held file."""
    _, answers = _file(batch_id)
    if answers is None:
        return redirect(url_for("uploads.receipt", batch_id=batch_id), 303)
    return render_template("review/decide.html", **answers)


@allow(Action.SEE_UPLOADS)
def fragment(batch_id: str) -> ResponseReturnValue:
    """The same answers without the page around them, for the list of held files."""
    upload, answers = _file(batch_id)
    if answers is None:
        return render_template("review/decided.html", upload=upload, words=labels.state_of(upload))
    return render_template("review/answers.html", **answers)


def _file(batch_id: str) -> tuple[Batch, dict[str, Any] | None]:
    """A file and its answers; None if it is not held, or no longer when their effects are computed."""
    upload = scoped.own(batch_id)
    if upload.state is BatchState.HELD:
        try:
            return upload, _answers(upload)
        except Rejected:
            upload = scoped.own(batch_id)
            if upload.state is BatchState.HELD:
                raise
    return upload, None


def _answers(upload: Batch) -> dict[str, Any]:
    as_new = request.args.get("as_new") == "yes"
    is_previewable = is_confirmation_previewable(ports(), tillstream().contracts, upload)
    receipt, changed = _tried(upload, as_new=as_new) if is_previewable else (_receipt(upload), None)
    return {
        "upload": upload,
        "as_new": as_new,
        "alike": len(scoped.held_alike(upload)) if scope().may(Action.DECIDE) else 0,
        "questions": held_questions.link_text(upload),
        "receipt": receipt,
        "can_import": can_import(upload),
        "is_expired": expiry.expired(ports(), upload),
        "may_be_current": changed is not None and receipt is not None and labels.has_superseded(receipt),
        "balance": labels.balance(receipt["rows"]) if receipt else [],
        "changed": summarize(changed, tried=True) if changed else None,
        "contracts": scoped.contracts(),
        "needs_contract": labels.may_be_of_another_source(upload),
        "rejected": _rejected(upload),
        "notes": held_batches.notes_of_batch(ports(), upload.batch_id),
        "headers": receipts.batch_headers(ports(), upload) if upload.contract else {},
    }


def _receipt(upload: Batch) -> Receipt | None:
    """The receipt as it is without a preview; None if the file was not read."""
    return receipts.receipt(ports(), upload.batch_id) if can_import(upload) else None


def _rejected(upload: Batch) -> list[dict[str, Any]]:
    """The first rejected rows, as evidence."""
    rows = receipts.rejected_rows(ports(), upload.batch_id, code=None, limit=SHOWN, offset=0)
    return [
        row | {"problems": [problem["message"] for problem in row["problems"]]}
        for row in original_rows.add_raw_text(ports(), upload, rows)
    ]


def _tried(upload: Batch, *, as_new: bool) -> tuple[Receipt, ChangeReport]:
    tried = ask(DecisionKind.PREVIEW_CONFIRMATION, batch=upload.batch_id, currency=figures.currency(), as_new=as_new)
    return tried["receipt"], changes_of(tried["changes"])
