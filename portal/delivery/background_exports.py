"""Long exports: they run in the background, and the person downloads the file when it is complete."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.utils import secure_filename

from portal.access import allow
from portal.context import me, ports, scope, tillstream
from portal.delivery.subscriptions import address_of
from portal.file_responses import attachment, stream_chunks
from portal.managed import Change, ManagedPages
from portal.translation import N_, _
from tillstream.app import mail_job
from tillstream.delivery import background_exports
from tillstream.delivery.background_exports import (
    CANCELLED,
    DONE,
    FAILED,
    RUNNING,
    WAITING,
    BackgroundExport,
    scope_text,
)
from tillstream.delivery.export_formats import FORMATS, export_format
from tillstream.delivery.export_table import column_label, filters_in_words
from tillstream.delivery.subscribed_tables import LINES
from tillstream.delivery.subscriptions import TABLES, address_arguments
from tillstream.model.audit import AuditAction
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.events import STAGING
from tillstream.model.permissions import Action
from tillstream.ports import Ports
from tillstream.records import audit_log
from tillstream.records.batch_registration import is_staged_object_intact

STATES = N_({WAITING: "Waiting", RUNNING: "Running", DONE: "Done", FAILED: "Failed", CANCELLED: "Cancelled"})
STARTED = N_("The export runs in the background. Its file appears below and under Exports.")
DAMAGED = N_("The file was damaged. Remove the export and start it again.")
GONE = N_("The file was removed. Remove the export and start it again.")

blueprint = Blueprint("background_exports", __name__, template_folder="templates")
NEWEST = 3
"""Exports that the page shows on which they were started."""


def is_long(suffix: str, rows: int) -> bool:
    """Whether an export of so many rows runs in the background."""
    return rows > (FORMATS[suffix].rows_at_once or rows)


def newest_exports() -> list[BackgroundExport]:
    """The last exports of the signed-in person."""
    return background_exports.list_exports(ports(), me())[:NEWEST]


def export_words(one: BackgroundExport) -> str:
    """The filters of an export in words."""
    return " · ".join(filters_in_words(address_arguments(one.address)[1]))


blueprint.record_once(
    lambda setup: setup.app.jinja_env.globals.update(
        is_long_export=is_long, newest_exports=newest_exports, export_states=STATES, export_words=export_words
    )
)


@blueprint.get("/exports", endpoint="show")
@allow(Action.SEE_NUMBERS)
def show_exports() -> ResponseReturnValue:
    """Own exports in the background, the newest first."""
    listed = background_exports.list_exports(ports(), me())
    return render_template("background_exports/show.html", listed=listed, kept_days=background_exports.KEPT_FOR.days)


@blueprint.post("/exports", endpoint="add")
@allow(Action.SEE_NUMBERS)
def add_export() -> ResponseReturnValue:
    """Start an export of the table at `address`. Raises `Rejected`."""
    form = request.form
    address = address_of(form.get("address", ""))
    name = column_label(address.partition("?")[0].rpartition("/")[2])
    background_exports.request_export(
        ports(), me(), name, address, form.get("format", ""), form.get("rows", 0, type=int)
    )
    mail_job.request_mail_job(tillstream())
    flash(STARTED, "done")
    path, _, filters = address.partition("?")
    is_lines = path == TABLES + LINES
    return redirect(f"{url_for('sale_lines.show')}?{filters}" if is_lines else url_for("background_exports.show"), 303)


PAGES = ManagedPages(blueprint, "/exports/<export_id>", page="", listing="show", access=Action.SEE_NUMBERS)


def of_reader(change: Change) -> Change:
    """A change of an export of the signed-in person."""
    return lambda ports, key, by: change(ports, _own(key).id, by)


def retry_export(ports: Ports, export_id: str, by: str) -> None:
    """Start an export again that failed or was cancelled."""
    background_exports.retry_export(ports, _own(export_id).id, by)
    mail_job.request_mail_job(tillstream())


PAGES.button("cancel", of_reader(background_exports.cancel_export), "")
PAGES.button("again", retry_export, "")
PAGES.button("remove", of_reader(background_exports.remove_export), "")


@blueprint.get("/exports/<export_id>/file", endpoint="file")
@allow(Action.SEE_NUMBERS)
def download_export(export_id: str) -> ResponseReturnValue:
    """The file, if the person still sees the same rows and columns. Raises `NotFound`, `Rejected`."""
    one = _own(export_id)
    if one.state != DONE:
        raise NotFound(_("The file is not complete yet."))
    if one.scope != scope_text(scope()):
        raise Rejected(
            _("What you may see has changed since the file was written. Remove the export and start it again.")
        )
    try:
        if one.sha256 and not is_staged_object_intact(ports().objects, one.object_name, one.sha256):
            raise Rejected(DAMAGED)
        stream = ports().objects.open(STAGING, one.object_name)
    except NotFound:
        raise NotFound(GONE) from None
    audit_log.record(
        ports(), me().login, AuditAction.EXPORT_DOWNLOADED, one.name, None, background_exports.audited_export(one)
    )

    name = f"{secure_filename(one.name.lower().replace(' ', '-')) or 'export'}-{one.created_at[:10]}.{one.format}"
    response = attachment(stream_chunks(stream), name, export_format(one.format).media_type)
    response.content_length = one.bytes
    return response


def _own(id: str) -> BackgroundExport:
    """An export of the signed-in person, and not of an earlier account with this name. Raises `NotFound`."""
    one = background_exports.get_export(ports(), id)
    if (one.login, one.account) != (me().login, me().created_at):
        raise NotFound(_("There is no such export."))
    return one
