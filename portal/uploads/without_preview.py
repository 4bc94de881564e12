"""Import of a file without a preview, if it is recognised and its data source is set so."""

from functools import partial

from flask import flash, jsonify, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports, tillstream
from portal.uploads import preview_content, scoped
from portal.uploads.texts import actions as texts
from tillstream.contracts import source_settings
from tillstream.intake import resumable_upload, upload_completion
from tillstream.model.people import Action
from tillstream.model.uploads import ResumableUpload
from tillstream.review import contract_choice


@allow(Action.UPLOAD)
def recognise(sending_id: str) -> ResponseReturnValue:
    """Import a file that was sent for a preview, if it needs none; `url` is its receipt, else its preview."""
    upload = resumable_upload.get_upload(ports(), sending_id, me().login)
    imported = import_recognised(upload)
    if imported.batch_id:
        flash(sentence(imported), "done")
        return jsonify({"batch_id": imported.batch_id, "url": url_for("uploads.receipt", batch_id=imported.batch_id)})
    return jsonify({"batch_id": "", "url": url_for("uploads.preview", sending_id=upload.id)})


def import_recognised(upload: ResumableUpload) -> ResumableUpload:
    """The upload, imported if its data source is certain and imports without a preview."""
    name = upload.contract or _recognised(upload)
    if not name or not is_set(name):
        return upload
    return upload_completion.ingest_previewed(
        ports(), tillstream().contracts, upload.id, upload.by, scoped.contract(name).name
    )


def is_set(name: str) -> bool:
    """Whether the files of a data source are imported without a preview."""
    return source_settings.import_setting_of_source(ports(), name).without_preview


def sentence(upload: ResumableUpload) -> str:
    return texts.imported_at_once(upload.file, upload.contract)


def _recognised(upload: ResumableUpload) -> str:
    """Name of the only data source that fits the file without doubts; empty if there is none."""
    file_sample, _ = preview_content.sample(partial(upload_completion.open_complete_upload, ports(), upload))
    if file_sample is None:
        return ""
    choice = contract_choice.contract_candidates(
        file_sample, contract_choice.rank_contracts(file_sample, scoped.contracts()), upload.file
    )
    likely = next((one for one in choice.candidates if one.contract.name == choice.likely), None)
    return choice.likely if likely and likely.fits and not likely.doubts else ""
