"""Data sources: proposals, example files, and whether files are imported without a preview."""

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.utils import secure_filename

from portal.access import allow
from portal.context import me, ports
from portal.file_responses import attachment
from portal.translation import _
from portal.uploads import preview_texts, scoped
from portal.urls import go_to
from tillstream.contracts import source_settings
from tillstream.contracts.template_file import contract_template
from tillstream.model.permissions import Action
from tillstream.review import contract_proposals

blueprint = Blueprint("data_sources", __name__, template_folder="templates")


@allow(Action.ADMINISTER)
def show_proposals() -> ResponseReturnValue:
    """Each proposal with its file, its author, and the settings that the file does not prove."""
    return render_template(
        "uploads/proposals.html", waiting=contract_proposals.pending_proposals(ports()), texts=preview_texts
    )


@allow(Action.UPLOAD)
def download_template(name: str) -> Response:
    contract = scoped.visible_contract(name)
    return attachment(contract_template(contract, ports().clock.now()), f"{secure_filename(name)}-template.csv")


def without_preview_text(source: str) -> str:
    return _("Files of {source} are imported without a preview.", source=source)


def with_preview_text(source: str) -> str:
    return _("Files of {source} are previewed before they are imported.", source=source)


@blueprint.get("/data-sources", endpoint="show")
@allow(Action.UPLOAD)
def show_data_sources() -> ResponseReturnValue:
    """The data sources of the user's regions, with the setting of each."""
    sources = [(one, source_settings.import_setting_of_source(ports(), one.name)) for one in scoped.visible_contracts()]
    used = scoped.contracts_in_use()
    own = [(one, setting) for one, setting in sources if one.name in used or setting.by]
    samples = [(one, setting) for one, setting in sources if (one, setting) not in own]
    return render_template("data_sources/show.html", sources=own, samples=samples)


@blueprint.post("/data-sources/<name>/preview", endpoint="save")
@allow(Action.ADMINISTER)
def save_setting(name: str) -> ResponseReturnValue:
    """Set whether files of a data source are imported without a preview."""
    source = scoped.visible_contract(name).name
    without = request.form.get("without_preview") == "yes"
    source_settings.save_import_setting(ports(), source, without_preview=without, by=me().login)
    return go_to("data_sources.show", without_preview_text(source) if without else with_preview_text(source))
