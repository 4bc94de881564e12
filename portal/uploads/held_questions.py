"""Questions about a held file; their answers let it be read."""

from contextlib import suppress
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports, scope, tillstream
from portal.translation import _
from portal.uploads import mapping, preview_content, preview_texts, questions, scoped
from portal.uploads.decisions import report_decided
from portal.uploads.labels import not_your_region, version_saved
from portal.urls import go_to
from tillstream.contracts import registry
from tillstream.contracts.registry import contract_version
from tillstream.model import batch
from tillstream.model.batch import Batch, BatchState, HoldCode
from tillstream.model.contract import Contract
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.permissions import Action
from tillstream.model.uploads import FileFigures
from tillstream.people import accounts
from tillstream.people.account_store import User
from tillstream.pipeline.staging.figures import read_figures
from tillstream.review import contract_proposals, held_batches, questionnaire
from tillstream.review.file_preview import FilePreview, preview_file
from tillstream.review.held_batches import decide_alike

ANSWERED = frozenset(
    {
        HoldCode.TOO_MANY_REJECTED,
        HoldCode.UNKNOWN_WORDS,
        HoldCode.COLUMNS,
        HoldCode.STYLE,
        HoldCode.CONTRACT_PROPOSED,
    }
)


def link_text(upload: Batch) -> str:
    """Text of the link to the questions about a held file; empty if answers cannot release it."""
    if not _is_held_file(upload) or not scope().may(Action.UPLOAD) or not batch.may_change_batches(scope(), upload):
        return ""
    if upload.contract and not ANSWERED & upload.hold_codes:
        return ""
    answers = questionnaire.stored_answers(ports(), upload.batch_id)
    try:
        onboarding, _language = questionnaire.held_questionnaire(
            ports(),
            scoped.visible_contracts(),
            upload,
            questions.source_name(upload.file),
            answers,
            scoped.delivered_sales(),
        )
    except Rejected:
        return ""
    if onboarding.questions:
        return _("Answer the open questions")
    return _("Review the proposed data source") if onboarding.contract else ""


@allow(Action.UPLOAD)
def show_questions(batch_id: str) -> ResponseReturnValue:
    """Open questions with values of the file, and its first rows as the answers read them."""
    upload = scoped.visible_batch(batch_id)
    if not _is_held_file(upload):
        return redirect(url_for("uploads.receipt", batch_id=batch_id), 303)
    answers = questionnaire.stored_answers(ports(), batch_id)
    name = questions.source_name(upload.file)
    contracts, delivered = scoped.visible_contracts(), scoped.delivered_sales()
    onboarding, differs = questionnaire.held_questionnaire(ports(), contracts, upload, name, answers, delivered)
    opened = questionnaire.opener_of_original(ports(), upload)
    pairs = questionnaire.all_held_questions(ports(), contracts, upload, name, answers, onboarding, delivered)
    question_page = questions.question_page(opened, onboarding, pairs, name, answers)
    rows = _rows(upload, onboarding.contract or onboarding.so_far or _current_contract(upload))
    at_once = upload.size <= preview_content.AT_ONCE or bool(request.args.get("try"))
    figures, wrong = _figures(upload, onboarding.contract) if at_once and onboarding.contract else (None, "")
    return render_template(
        "uploads/held_questions.html",
        upload=upload,
        question_page=question_page,
        differs=differs,
        answers=answers,
        mapping=mapping.mapping_of(onboarding, rows),
        step=request.args.get("step", ""),
        texts=preview_texts,
        figures=figures,
        wrong=wrong,
        later=not at_once,
        alike=len(scoped.held_alike(upload)) if scope().may(Action.ADMINISTER) else 0,
        requester=_without_region(upload, onboarding.contract) if onboarding.contract else None,
    )


@allow(Action.UPLOAD)
def answer_questions(batch_id: str) -> ResponseReturnValue:
    upload = _held_upload(batch_id)
    previous = questionnaire.stored_answers(ports(), batch_id)
    onboarding, _ = questionnaire.held_questionnaire(
        ports(),
        scoped.visible_contracts(),
        upload,
        questions.source_name(upload.file),
        previous,
        scoped.delivered_sales(),
    )
    answers = questions.merge_answers(previous, {} if upload.contract else mapping.mapped_columns(onboarding))
    questionnaire.store_answers(ports(), batch_id, answers, me().login)
    return redirect(url_for("uploads.questions", batch_id=batch_id, step=questions.next_step()), 303)


@allow(Action.UPLOAD)
def save_answers(batch_id: str) -> ResponseReturnValue:
    """Save the contract of the answers and read the file with it; users without that right propose it."""
    upload, contracts = _held_upload(batch_id), tillstream().contracts
    answers = questionnaire.stored_answers(ports(), batch_id)
    onboarding, differs = questionnaire.held_questionnaire(
        ports(),
        scoped.visible_contracts(),
        upload,
        questions.source_name(upload.file),
        answers,
        scoped.delivered_sales(),
    )
    contract = questions.named_contract(onboarding) if not upload.contract else onboarding.contract
    if contract is None:
        raise Rejected(_("Answer the open questions first."))
    if not scope().covers_region(contract.region):
        raise Rejected(not_your_region(contract.region))
    figures, wrong = _figures(upload, contract)
    if figures is None:
        raise Rejected(wrong)
    changes = [*differs, *questions.answers_in_words(answers), *figures.sentences()]
    others = scoped.held_alike(upload) if request.form.get("all") else []
    contract_proposals.propose_contract(ports(), batch_id, contract, changes, me().login)
    if scope().may(Action.ADMINISTER):
        registry.confirm_contract(ports(), contract.name, me().login)  # the figures are above the button

        def read(one: str) -> Batch:
            if one == batch_id:
                return held_batches.accept_proposal(ports(), contracts, one, me().login)
            return held_batches.assign_contract(ports(), contracts, one, contract.name, me().login)

        decided = decide_alike(upload, others, read)
        requester = _without_region(upload, contract)
        if requester and request.form.get("give_region"):
            regions = [*requester.regions, contract.region]
            accounts.assign_account(ports(), requester.login, regions=regions, by=me().login)
            flash(_("{login} has the region {region} now.", login=requester.login, region=contract.region), "done")
        saved = version_saved(decided[0].contract_version, contract.name, upload.file)
        return report_decided(saved, decided)
    return go_to(
        "uploads.receipt",
        _("Your answers are saved. {file} is read when an administrator accepts them.", file=upload.file),
        batch_id=batch_id,
    )


def _without_region(upload: Batch, contract: Contract) -> User | None:
    """The person who asked for the region of the file, if they do not have it; for those who can give it."""
    if HoldCode.REGION_REQUESTED not in upload.hold_codes or not scope().may(Action.ADMINISTER):
        return None
    with suppress(NotFound):
        requester = accounts.get_user(ports(), upload.received_by)
        return None if requester.scope.covers_region(contract.region) else requester
    return None


def _figures(upload: Batch, contract: Contract) -> tuple[FileFigures | None, str]:
    """Figures of the file by the contract of the answers, or why it cannot read the file."""
    received = contract.dates.latest_day(datetime.fromisoformat(upload.received_at))
    try:
        opened = questionnaire.opener_of_original(ports(), upload)
        return read_figures(opened, contract, received, ports().limits, file=upload.file), ""
    except Rejected as error:
        return None, str(error)


def _held_upload(batch_id: str) -> Batch:
    upload = scoped.changeable_batch(batch_id)
    if not _is_held_file(upload):
        raise Rejected(_("{file} has no open questions.", file=upload.file))
    return upload


def _is_held_file(upload: Batch) -> bool:
    return upload.state is BatchState.HELD and upload.is_file


def _current_contract(upload: Batch) -> Contract | None:
    """Contract version of the upload, used unless a better one is proposed."""
    return contract_version(ports().documents, upload.contract, upload.contract_version) if upload.contract else None


def _rows(upload: Batch, contract: Contract | None) -> FilePreview | None:
    if contract is None:
        return None
    try:
        received = contract.dates.latest_day(datetime.fromisoformat(upload.received_at))
        return preview_file(
            questionnaire.opener_of_original(ports(), upload),
            contract,
            received,
            ports().limits,
            file=upload.file,
            rows=mapping.ROWS,
        )
    except Rejected:
        return None
