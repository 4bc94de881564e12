"""Held files: why each is held, and a preview of each decision."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.changes.change_summary import summarize
from portal.context import ports, scope, signed_in, tillstream
from portal.list_view import list_query, page_of
from portal.uploads import held_questions, labels, scoped
from tillstream.analytics import changes
from tillstream.batches import records
from tillstream.domain.batch.holds import HoldCode
from tillstream.domain.batch.record import Batch, BatchKind, State
from tillstream.domain.people import Action
from tillstream.ports.warehouse import SettlementResult
from tillstream.receipts.receipt_types import Receipt
from tillstream.workflows.review.decision_preview import preview, previewable

KINDS = (BatchKind.UPLOAD, BatchKind.REPLAY, BatchKind.STORE_SALES)


@allow(Action.SEE_UPLOADS)
def show() -> ResponseReturnValue:
    """Held files within the scope of the user, held longest first."""
    about = list_query()
    wanted = about.q.casefold().split()
    held = [
        one
        for one in scoped.newest(KINDS, State.HELD)
        if all(word in f"{one.file} {one.contract} {one.region}".casefold() for word in wanted)
    ]
    return render_template("review/waiting.html", page=page_of(about, held[::-1]), waiting=count())


@allow(Action.SEE_UPLOADS)
def decide(batch_id: str) -> ResponseReturnValue:
    """Why a file is held, and what each decision would change."""
    upload = scoped.own(batch_id)
    if upload.state is not State.HELD:
        return redirect(url_for("uploads.receipt", batch_id=batch_id), 303)
    as_new = request.args.get("as_new") == "yes"
    is_previewable = previewable(ports(), tillstream().contracts, upload)
    receipt, changed = _tried(upload, as_new=as_new) if is_previewable else (None, None)
    return render_template(
        "review/decide.html",
        upload=upload,
        as_new=as_new,
        questions=held_questions.link_text(upload),
        receipt=receipt,
        may_be_current=receipt is not None and labels.has_superseded(receipt),
        headline=labels.headline(receipt) if receipt else "",
        balance=labels.balance(receipt["rows"]) if receipt else [],
        changed=summarize(changed, tried=True) if changed else None,
        contracts=scoped.contracts(),
        needs_contract=not upload.contract or HoldCode.OTHER_CONTRACT in upload.hold_codes,
    )


def _tried(upload: Batch, *, as_new: bool) -> tuple[Receipt, changes.ChangeReport]:
    app = tillstream()
    receipts: list[Receipt] = []

    def attempt(questions: Any) -> SettlementResult:
        receipt, settled = preview(app.ports, app.contracts, upload.batch_id, questions, as_new=as_new)
        receipts.append(receipt)
        return settled

    changed = changes.preview_changes(app.ports.warehouse, scope(), attempt, app.queries)
    return receipts[-1], changed


def count() -> int:
    """Number of held files in the regions of the user."""
    if not signed_in() or not scope().may(Action.SEE_UPLOADS):
        return 0
    held: dict[str, str | int | bool] = {"state": State.HELD.value}
    regions = scope().regions
    if regions is None:
        return ports().documents.count(records.COLLECTION, held)
    return sum(ports().documents.count(records.COLLECTION, {**held, "region": region}) for region in regions)
