"""Receipt of an upload: every row of a file by outcome, and the rejected rows."""

from collections.abc import Sequence

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.utils import secure_filename

from portal import list_view
from portal.access import allow
from portal.context import TemplateContext, ports, scope
from portal.file_responses import attachment
from portal.uploads import held_questions, labels, scoped, submit
from tillstream.contracts import source_settings
from tillstream.intake import quarantined_messages
from tillstream.model import batch
from tillstream.model.batch import (
    STATE_TRANSITIONS,
    STATES_IN_LEDGER,
    TERMINAL_STATES,
    Batch,
    BatchKind,
    BatchState,
    receipt_time,
)
from tillstream.model.permissions import Action
from tillstream.model.problems import CATALOGUE, Severity
from tillstream.pipeline.settling import large_job
from tillstream.ports.warehouse import Row
from tillstream.receipts import original_rows
from tillstream.receipts import receipt as receipts
from tillstream.receipts.receipt import UNSETTLED, Receipt, ReceiptProblem, repeated_lines
from tillstream.records import batch_records
from tillstream.review import correction_draft, undo
from tillstream.sync import undo_requests

SHOWN = 5
PER_PAGE = 50
BLOCKED = frozenset({"undo", "fix", "replay", "as_new"})
"""Steps that are disabled while a replay of the file is in progress, which would not include them, or an undo; and of a
batch that was synced from another home, which decides on it."""
NOT_OF_OTHERS = frozenset({"replay", "as_new"})
"""Steps that are disabled for a batch of a home, also if it was removed."""
ORDER = (Severity.REJECTION, Severity.HOLD, Severity.ERROR, Severity.WARNING)


@allow(Action.SEE_UPLOADS)
def show_receipt(batch_id: str) -> ResponseReturnValue:
    upload = scoped.visible_batch(batch_id)
    # Read before the receipt: if a correction is settled in between, the page polls again and then shows its rows.
    corrections = batch_records.child_batches(ports(), batch_id, BatchKind.CORRECTION)
    work = _work_on(upload, corrections)
    is_removed = bool(upload.home) and batch_records.is_home_removed(ports(), upload.home)
    is_of_home = bool(upload.home) and not is_removed
    receipt = receipts.batch_receipt(ports(), batch_id)
    offered = _steps(upload, receipt)
    blocked = (
        BLOCKED if work["again"] or work["undoing"] or is_of_home else NOT_OF_OTHERS if is_removed else frozenset()
    )
    return render_template(
        "uploads/receipt.html",
        **work,
        **_of_user(upload, is_of_home=is_of_home),
        upload=upload,
        receipt=receipt,
        headline=labels.headline(receipt),
        needs_contract=labels.may_be_of_another_source(upload),
        balance=labels.balance(receipt["rows"]),
        words=labels.state_of(upload),
        reason=labels.reason(upload),
        identical=_identical_rows(upload, receipt),
        groups=_groups_with_rows(upload, receipt),
        is_home_removed=is_removed,
        undo_request=undo_requests.find_undo_request(ports(), batch_id) if upload.home else None,
        day_without_sales=_day_without_sales(upload),
        corrected_by=[one.settlement_no for one in corrections if one.settlement_no],
        not_corrected=corrections[-1] if corrections and corrections[-1].state is BatchState.REJECTED else None,
        questions=held_questions.link_text(upload),
        offered=offered,
        steps=offered - _of_others(upload, corrections) - blocked,
        contracts=scoped.visible_contracts(),
        is_direct=bool(upload.contract) and submit.imports_without_preview(upload.contract),
        headers=receipts.batch_headers(ports(), upload),
        typed=correction_draft.get_draft(ports(), batch_id).has_edits(),
        parent=batch_records.get_batch(ports(), upload.parent) if upload.parent else None,
        received=receipt_time(upload.received_seq),
        is_ahead=upload.is_ahead(ports().clock.now()),
    )


def _work_on(upload: Batch, corrections: Sequence[Batch]) -> TemplateContext:
    """What is being done with a batch, and whether the page polls until it is done."""
    correcting = any(one.state not in TERMINAL_STATES | STATES_IN_LEDGER for one in corrections)
    again = batch_records.active_replay(ports(), upload)
    undoing = upload.state in STATES_IN_LEDGER and undo.is_undo_requested(ports(), upload.batch_id)
    is_staged = upload.state is BatchState.STAGED
    return {
        "correcting": correcting,
        "again": again,
        "undoing": undoing,
        "is_left_to_job": is_staged and large_job.is_large_settlement(ports(), large_job.staged_rows(upload)),
        "waits": upload.state in labels.UNDER_WAY
        or correcting
        or undoing
        or (again and again.state in labels.UNDER_WAY),
    }


def _of_user(upload: Batch, *, is_of_home: bool) -> TemplateContext:
    """What only those see who decide on files or administer."""
    decides = scope().may(Action.DECIDE)
    administers = scope().may(Action.ADMINISTER)
    return {
        "alike": len(scoped.held_alike(upload)) if decides else 0,
        "sales": quarantined_messages.open_messages(ports(), upload) if decides and not is_of_home else [],
        "acceptable": quarantined_messages.acceptable_messages(ports(), upload) if administers else {},
    }


def _identical_rows(upload: Batch, receipt: Receipt) -> str:
    """A sentence about identical rows of a settled file; empty if it has none."""
    repeated = any(one["code"] == "repeated-line" for one in receipt["problems"]) and upload.state in STATES_IN_LEDGER
    return labels.identical_rows(repeated_lines(ports(), upload)) if repeated else ""


def _groups_with_rows(upload: Batch, receipt: Receipt) -> list[TemplateContext]:
    """The problems by code; those of rejected rows with examples."""
    groups = _groups(receipt["problems"])
    for group in groups:
        if group["problem"].severity is Severity.ERROR:
            group["rows"] = _refused(upload, group["problem"].code, SHOWN)
    return groups


def _day_without_sales(upload: Batch) -> str:
    """Address of the day on which nothing was sold, or of the calendar, for a file without rows of a daily source."""
    current = next((one for one in scoped.visible_contracts() if one.name == upload.contract), None)
    if current is None or not labels.is_without_rows(upload):
        return ""
    if source_settings.expectation_of_contract(ports(), current).expectation.cadence != "daily":
        return ""
    on = labels.day_in_name(upload.file)
    return url_for("completeness.day", region=current.region, on=on) if on else url_for("completeness.show")


@allow(Action.SEE_UPLOADS)
def show_refused(batch_id: str) -> ResponseReturnValue:
    """Rejected rows in pages, all or those of one problem code."""
    upload = scoped.visible_batch(batch_id)
    code = request.args.get("code") or None
    page = list_view.page_number(request.args)
    rows = _refused(upload, code, PER_PAGE + 1, (page - 1) * PER_PAGE)
    return render_template(
        "uploads/refused.html",
        upload=upload,
        rows=rows[:PER_PAGE],
        more=len(rows) > PER_PAGE,
        page=page,
        code=code,
        problem=CATALOGUE.get(code or ""),
    )


@allow(Action.SEE_UPLOADS)
def refused_csv(batch_id: str) -> ResponseReturnValue:
    upload = scoped.visible_batch(batch_id)
    stem = secure_filename(upload.file.rsplit(".", 1)[0]) or batch_id
    return attachment(original_rows.rejected_rows_csv(ports(), batch_id), f"{stem}-refused.csv")


def _refused(upload: Batch, code: str | None, limit: int, offset: int = 0) -> list[Row]:
    """Rejected rows with their raw text, also those that only the ledger rejected."""
    rows = receipts.rejected_rows(ports(), upload.batch_id, code=code, limit=limit, offset=offset)
    return [
        row | {"problems": [problem["message"] for problem in row["problems"]]}
        for row in original_rows.add_raw_text(ports(), upload, rows)
    ]


def _groups(problems: list[ReceiptProblem]) -> list[TemplateContext]:
    """Problems by code, most severe and most frequent first; the columns of one code are grouped."""
    by_code: dict[str, list[ReceiptProblem]] = {}
    for problem in problems:
        by_code.setdefault(problem["code"], []).append(problem)
    # A row may have one problem in several columns: the largest count of a column is a lower bound of rows.
    groups = [
        {
            "problem": CATALOGUE[code],
            "occurrences": occurrences,
            "count": max(one["count"] or 0 for one in occurrences),
            "rows": [],
        }
        for code, occurrences in by_code.items()
    ]
    return sorted(groups, key=lambda group: (ORDER.index(group["problem"].severity), -group["count"]))


def _of_others(upload: Batch, corrections: Sequence[Batch]) -> frozenset[str]:
    """Steps that the user may not take, because the file also contains sales of others."""
    if not batch.may_change_batches(scope(), upload):
        return BLOCKED | {"cancel", "decide"}
    return frozenset() if batch.may_change_batches(scope(), upload, corrections) else frozenset({"undo", "replay"})


def _steps(upload: Batch, receipt: Receipt) -> frozenset[str]:
    """Steps that the state of the batch allows; the role of the user restricts them further."""
    follows = STATE_TRANSITIONS[upload.state]
    steps = {
        "cancel": BatchState.CANCELLED in follows,
        "decide": upload.state is BatchState.HELD,
        "as_new": upload.state in STATES_IN_LEDGER and labels.has_superseded(receipt),
        "fix": upload.state in STATES_IN_LEDGER and upload.is_file and bool(receipt["rows"]["quarantined"]),
        "refused": upload.state in STATES_IN_LEDGER | UNSETTLED and bool(receipt["rows"]["quarantined"]),
        "replay": BatchState.REPLAYED in follows and upload.is_file and bool(upload.contract),
        "undo": BatchState.UNDONE in follows,
    }
    return frozenset(name for name, possible in steps.items() if possible)
