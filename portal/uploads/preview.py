"""Preview of a file before it is imported: how it is read, by which contract, and what would happen."""

from functools import partial

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import formats
from portal.access import allow
from portal.context import me, ports, scope, tillstream
from portal.translation import _
from portal.uploads import mapping, preview_content, preview_texts, questions, same_file, scoped
from portal.uploads.labels import not_your_region
from portal.urls import go_to
from tillstream.contracts import registry
from tillstream.intake import resumable_upload, upload_completion
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Action
from tillstream.model.uploads import ResumableUpload
from tillstream.pipeline.staging.figures import read_figures
from tillstream.review import contract_choice, questionnaire


@allow(Action.UPLOAD)
def show_preview(sending_id: str) -> ResponseReturnValue:
    """Preview by the contract in the address, else the chosen one, else the only one that fits."""
    upload = resumable_upload.get_upload(ports(), sending_id, me().login)
    if upload.batch_id:
        return redirect(url_for("uploads.receipt", batch_id=upload.batch_id), 303)
    if upload.waits:
        upload = upload_completion.finish_upload(
            ports(), tillstream().contracts, sending_id, me().login
        )  # a crash may have interrupted it
    opened = partial(upload_completion.open_complete_upload, ports(), upload)
    file_sample, unreadable = preview_content.sample_of_file(opened)
    fits = contract_choice.rank_contracts(file_sample, scoped.visible_contracts()) if file_sample else []
    choice = (
        contract_choice.contract_candidates(file_sample, fits, upload.file)
        if file_sample
        else contract_choice.ContractCandidates(())
    )
    chosen = request.args.get("contract", "") or preview_content.chosen_contract(upload, choice)
    question_page = (
        questions.questions_about(upload.file, opened, upload.answers)
        if chosen == contract_choice.NEW_SOURCE and not unreadable
        else None
    )
    if chosen == contract_choice.NEW_SOURCE:
        contract = question_page.contract if question_page else None
    else:
        contract = scoped.visible_contract(chosen) if chosen else None
    is_small = upload.size <= preview_content.AT_ONCE
    earlier = same_file.earlier_of(opened) if file_sample and is_small else None
    preview = (
        preview_content.by_contract(upload, contract, tried=bool(request.args.get("try")))
        if contract
        else preview_content.so_far(upload, question_page)
    )
    if question_page:
        return render_template(
            "uploads/new_file.html",
            upload=upload,
            question_page=question_page,
            own_regions=scope().regions,
            mapping=mapping.mapping_of(question_page.onboarding, preview.rows if preview else None),
            preview=preview,
            step=request.args.get("step", ""),
            fits=fits,
            earlier=earlier,
            same_file=same_file,
            later=not is_small,
            texts=preview_texts,
            **preview_content.in_words(preview),
        )
    return render_template(
        "uploads/preview.html",
        upload=upload,
        earlier=earlier,
        same_file=same_file,
        mapping=mapping.of_contract(preview.rows) if preview and preview.rows else None,
        fits=fits,
        fit=next((one for one in fits if one.contract.name == chosen), None),
        chosen=chosen,
        sources=choice,
        unreadable=unreadable,
        preview=preview,
        later=not is_small,
        texts=preview_texts,
        own_regions=scope().regions,
        expires=upload_completion.upload_expires_at(ports(), upload),
        **preview_content.in_words(preview),
    )


@allow(Action.UPLOAD)
def summary(sending_id: str) -> ResponseReturnValue:
    """One sentence about a file that was sent for a preview, for the upload page."""
    upload = resumable_upload.get_upload(ports(), sending_id, me().login)
    opened = partial(upload_completion.open_complete_upload, ports(), upload)
    file_sample, unreadable = preview_content.sample_of_file(opened)
    if file_sample is None:
        return jsonify({"says": unreadable})
    fits = contract_choice.rank_contracts(file_sample, scoped.visible_contracts())
    choice = contract_choice.contract_candidates(file_sample, fits, upload.file)
    chosen = preview_content.chosen_contract(upload, choice)
    if not chosen:
        return jsonify({"says": _("It may be a file of several of your data sources. Choose one in its preview.")})
    if chosen != contract_choice.NEW_SOURCE:
        return jsonify(
            {"says": _("It looks like a file of {source}. Nothing is imported until you confirm it.", source=chosen)}
        )
    count = len(
        questionnaire.build_questionnaire(opened, questions.source_name(upload.file), upload.answers, ()).questions
    )
    return jsonify({"says": preview_texts.none_fits(count)})


@allow(Action.UPLOAD)
def answer_questions(sending_id: str) -> ResponseReturnValue:
    """Save the answers; the proposal is rebuilt from them."""
    upload = resumable_upload.get_upload(ports(), sending_id, me().login)
    opened = partial(upload_completion.open_complete_upload, ports(), upload)
    onboarding = questionnaire.build_questionnaire(opened, questions.source_name(upload.file), upload.answers, ())
    answers = questions.merge_answers(upload.answers, mapping.mapped_columns(onboarding))
    questions.store_answers(upload.id, answers)
    step = questions.next_step()
    return redirect(
        url_for("uploads.preview", sending_id=upload.id, contract=contract_choice.NEW_SOURCE, step=step), 303
    )


@allow(Action.UPLOAD)
def load_file(sending_id: str) -> ResponseReturnValue:
    contract = scoped.visible_contract(request.form.get("contract", ""))
    return _loaded(
        upload_completion.ingest_previewed(ports(), tillstream().contracts, sending_id, me().login, contract.name)
    )


@allow(Action.UPLOAD)
def save_source(sending_id: str) -> ResponseReturnValue:
    """Save the answers as a contract and import the file with it; users without that right propose it."""
    upload = resumable_upload.get_upload(ports(), sending_id, me().login)
    opened = partial(upload_completion.open_complete_upload, ports(), upload)
    contract = questions.contract_of(upload.file, opened, upload.answers)
    contracts = tillstream().contracts
    if scope().may(Action.ADMINISTER):
        if contract.name in contracts.in_use():
            raise Rejected(_("The data source {source} already exists. Choose another name.", source=contract.name))
        saved = contracts.save(contract, me().login)
        registry.confirm_contract(ports(), saved.name, me().login)  # the figures are above the button
        loaded = upload_completion.ingest_previewed(ports(), contracts, sending_id, me().login, saved.name)
        flash(
            _(
                "The data source {source} is saved. This file and later files like it are read with it.",
                source=saved.name,
            ),
            "done",
        )
    else:
        if not scope().covers_region(contract.region):
            raise Rejected(not_your_region(contract.region))
        received = contract.dates.latest_day(ports().clock.now())
        figures = read_figures(opened, contract, received, ports().limits, file=upload.file)
        changes = [*questions.answers_in_words(upload.answers), *figures.sentences()]
        loaded = upload_completion.propose_contract_for_upload(
            ports(), contracts, sending_id, me().login, contract, changes
        )
        flash(
            _(
                "The data source {source} is proposed. The file is imported when an administrator accepts it.",
                source=contract.name,
            ),
            "done",
        )
    return _loaded(loaded)


@allow(Action.UPLOAD)
def request_region(sending_id: str) -> ResponseReturnValue:
    """Ask administrators for a region that is not one of the user's; the file is held until they answer."""
    upload = resumable_upload.get_upload(ports(), sending_id, me().login)
    region = " ".join(request.form.get("region", "").split())
    if scope().covers_region(region):
        raise Rejected(_("You need no request for {region}: choose it as the region of the file.", region=region))
    requested = upload_completion.request_region(
        ports(), tillstream().contracts, upload.id, me().login, region, upload.answers
    )
    flash(
        _(
            "Administrators are asked for the region {region}. {file} is kept, and imported after their answer.",
            region=requested.requested_region,
            file=upload.file,
        ),
        "done",
    )
    return _loaded(requested)


def _loaded(upload: ResumableUpload) -> ResponseReturnValue:
    if upload.batch_id:
        return redirect(url_for("uploads.receipt", batch_id=upload.batch_id), 303)
    return go_to("uploads.listing", _("{file} is received. It is listed here in a few seconds.", file=upload.file))


@allow(Action.UPLOAD)
def forget_preview(sending_id: str) -> ResponseReturnValue:
    upload = resumable_upload.get_upload(ports(), sending_id, me().login)
    resumable_upload.cancel_upload(ports(), upload.id, me().login)
    return go_to(
        "uploads.listing",
        _("{file} is discarded. None of its rows is imported, and the file is not kept.", file=upload.file),
    )


@allow(Action.UPLOAD)
def forget_previews() -> ResponseReturnValue:
    """Discard all previews of the user; files that are still being sent are kept."""
    previews = [one for one in resumable_upload.open_uploads(ports(), me().login) if one.waits]
    for one in previews:
        resumable_upload.cancel_upload(ports(), one.id, me().login)
    return go_to(
        "uploads.listing",
        _(
            "{count} discarded. None of their rows is imported.",
            count=formats.many(len(previews), "preview is", "previews are"),
        ),
    )
