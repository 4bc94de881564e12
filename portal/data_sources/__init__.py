"""Data sources: the formats that files are read by, and whether their files are imported without a preview."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports
from portal.data_sources import texts
from portal.uploads import scoped
from tillstream.contracts import source_settings
from tillstream.model.people import Action

blueprint = Blueprint("data_sources", __name__, template_folder="templates")


@blueprint.get("/data-sources")
@allow(Action.UPLOAD)
def show() -> ResponseReturnValue:
    """The data sources of the user's regions, with the setting of each."""
    sources = [(one, source_settings.import_setting_of_source(ports(), one.name)) for one in scoped.contracts()]
    used = scoped.contracts_in_use()
    own = [(one, setting) for one, setting in sources if one.name in used or setting.by]
    samples = [(one, setting) for one, setting in sources if (one, setting) not in own]
    return render_template("data_sources/show.html", sources=own, samples=samples)


@blueprint.post("/data-sources/<name>/preview")
@allow(Action.ADMINISTER)
def save(name: str) -> ResponseReturnValue:
    """Set whether files of a data source are imported without a preview."""
    source = scoped.contract(name).name
    without = request.form.get("without_preview") == "yes"
    source_settings.save_import_setting(ports(), source, without_preview=without, by=me().login)
    flash(texts.without_preview(source) if without else texts.with_preview(source), "done")
    return redirect(url_for("data_sources.show"), 303)
