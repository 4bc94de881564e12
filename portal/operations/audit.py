"""Audit log pages for admins: who changed what, with the values before and after."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from portal import formats
from portal.access import allow
from portal.context import TemplateContext, ports
from portal.file_responses import attachment
from portal.translation import N_, _
from tillstream.model.audit import AuditAction, AuditEntry
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Action
from tillstream.model.safe_text import guard_formulas, neutralize_bidi
from tillstream.people import accounts
from tillstream.records import audit_log

KINDS = N_(
    {
        "user": "Accounts",
        "session": "Sessions",
        "token": "Tokens",
        "contract": "Data sources",
        "rates": "Exchange rates",
        "upload": "Uploads",
        "sale": "Sales",
        "data": "Data",
        "loss": "Losses",
        "message": "Messages",
        "view": "Saved views",
        "dashboard": "Own dashboards",
        "annotation": "Annotations",
        "forecast": "Forecasts",
        "goals": "Goals",
        "series": "Outside series",
        "alert": "Alerts",
        "alert-rule": "Alert rules",
        "report": "Reports",
        "export": "Subscriptions to tables",
        "file-destination": "Destinations of files",
        "file": "Delivered files",
        "mail": "E-mail",
        "order": "Orders",
        "catalogue": "Catalogue",
        "stock": "Stock",
        "sync": "Sync",
        "restock": "Restock",
        "webhook": "Webhooks",
        "alert-channel": "Alert channels",
        "connector": "Connectors",
        "mart-destination": "Copies of the marts",
        "key": "Keys of stores",
        "day-close": "Day closes",
        "setting": "Settings",
    }
)
ACTION_LABELS = N_(
    {
        AuditAction.USER_ADDED: "Account created",
        AuditAction.USER_INVITED: "Person invited",
        AuditAction.USER_JOINED: "Invitation accepted",
        AuditAction.USER_CHANGED: "Role or scope changed",
        AuditAction.USER_DISABLED: "Account disabled",
        AuditAction.USER_ENABLED: "Account enabled",
        AuditAction.USER_PASSWORD_RESET: "Password reset",
        AuditAction.USER_PASSWORD_CHANGED: "Password changed",
        AuditAction.USER_PROFILE_CHANGED: "Profile changed",
        AuditAction.USER_SECOND_STEP_ON: "Two-factor sign-in turned on",
        AuditAction.USER_SECOND_STEP_OFF: "Two-factor sign-in turned off",
        AuditAction.USER_RECOVERY_CODES_CREATED: "Recovery codes created",
        AuditAction.USER_RECOVERY_CODE_USED: "Recovery code used",
        AuditAction.SESSION_BEGUN: "Signed in",
        AuditAction.SESSION_ENDED: "Signed out",
        AuditAction.SESSION_REFUSED: "Sign-in denied",
        AuditAction.TOKEN_ISSUED: "Token created",
        AuditAction.TOKEN_REVOKED: "Token revoked",
        AuditAction.KEY_ISSUED: "Store key created",
        AuditAction.KEY_ROTATED: "Store key replaced",
        AuditAction.KEY_REVOKED: "Store key revoked",
        AuditAction.KEY_UNSIGNED_ACCEPTED: "Unsigned messages of a store accepted again",
        AuditAction.SYNC_KEY_CREATED: "Key of this home created",
        AuditAction.SYNC_BEGUN: "Sync to a head office begun",
        AuditAction.SYNC_STOPPED: "Sync to the head office stopped",
        AuditAction.SYNC_HOME_ADDED: "Home added",
        AuditAction.SYNC_HOME_REMOVED: "Home removed",
        AuditAction.SYNC_HOME_RELEASED: "Batches of a home released",
        AuditAction.SYNC_RECOVERED: "Batches taken back from the head office",
        AuditAction.SYNC_UNDO_REQUESTED: "Home asked to undo a batch",
        AuditAction.SYNC_DECLINED: "Request of the head office declined",
        AuditAction.SYNC_DECIDED: "Decided between this home and the head office",
        AuditAction.CONTRACT_SAVED: "Data source saved",
        AuditAction.CONTRACT_PROPOSED: "Data source proposed",
        AuditAction.RATES_LOADED: "Exchange rates loaded",
        AuditAction.UPLOAD_RECEIVED: "File uploaded",
        AuditAction.UPLOAD_CANCELLED: "Upload cancelled",
        AuditAction.UPLOAD_FIXED: "Rows corrected",
        AuditAction.UPLOAD_REPLAYED: "File reprocessed",
        AuditAction.UPLOAD_CONFIRMED: "File imported after review",
        AuditAction.UPLOAD_REREAD: "Data source of a file changed",
        AuditAction.UPLOAD_REJECTED: "File discarded",
        AuditAction.UPLOAD_NOTED: "Note on a held file",
        AuditAction.UPLOAD_UNDONE: "Upload undone",
        AuditAction.UPLOAD_PREVIEW_EXPIRED: "Preview expired",
        AuditAction.UPLOAD_OUT_OF_SCOPE: "Security: rows for another store held back",
        AuditAction.SALE_ENTERED: "Sale entered",
        AuditAction.SALE_OUT_OF_SCOPE: "Security: sale for another store held back",
        AuditAction.SALE_UNVERIFIED: "Security: message that could not be verified",
        AuditAction.SALE_UNVERIFIED_ACCEPTED: "Message to fix accepted",
        AuditAction.SALE_FILE_RECEIVED: "Exported messages of a till received",
        AuditAction.SALE_SEQUENCE_REUSED: "Security: two messages with one sequence number",
        AuditAction.DAY_CLOSE_ACCEPTED: "Day close accepted",
        AuditAction.DATA_REFRESHED: "Data refreshed",
        AuditAction.DATA_ANNOUNCED: "Changes published",
        AuditAction.REPORT_SUBSCRIBED: "Report subscribed",
        AuditAction.REPORT_UNSUBSCRIBED: "Report no longer subscribed",
        AuditAction.EXPORT_SUBSCRIBED: "Table subscribed",
        AuditAction.EXPORT_SUBSCRIPTION_CHANGED: "Subscription to a table changed",
        AuditAction.EXPORT_SUBSCRIPTION_PAUSED: "Subscription to a table paused",
        AuditAction.EXPORT_SUBSCRIPTION_RESUMED: "Subscription to a table resumed",
        AuditAction.EXPORT_REQUESTED: "File of a subscription requested",
        AuditAction.EXPORT_MAILED: "File of a subscription sent by e-mail",
        AuditAction.EXPORT_STARTED: "Export started",
        AuditAction.EXPORT_FINISHED: "Export ended",
        AuditAction.EXPORT_CANCELLED: "Export cancelled",
        AuditAction.EXPORT_DOWNLOADED: "Export downloaded",
        AuditAction.EXPORT_REMOVED: "Export removed",
        AuditAction.EXPORT_DELIVERED: "File of a subscription made for a destination",
        AuditAction.EXPORT_UNSUBSCRIBED: "Table no longer subscribed",
        AuditAction.FILE_DESTINATION_ADDED: "Destination of files added",
        AuditAction.FILE_DESTINATION_TESTED: "Destination of files tested",
        AuditAction.FILE_DESTINATION_REMOVED: "Destination of files removed",
        AuditAction.FILE_RETRIED: "File delivered again",
        AuditAction.MAIL_RETRIED: "Message sent again",
        AuditAction.ORDER_CREATED: "Purchase order created",
        AuditAction.ORDER_CHANGED: "Purchase order changed",
        AuditAction.SERIES_IMPORTED: "Outside series imported",
        AuditAction.SERIES_REMOVED: "Outside series removed",
        AuditAction.SERIES_RESTORED: "Outside series restored",
        AuditAction.ALERT_ACKNOWLEDGED: "Alert acknowledged",
        AuditAction.ALERT_SNOOZED: "Alert snoozed",
        AuditAction.ALERT_RULE_SAVED: "Alert rule saved",
        AuditAction.ALERT_RULE_REMOVED: "Alert rule removed",
        AuditAction.GOALS_CHANGED: "Goals changed",
        AuditAction.GOALS_SETTING_CHANGED: "Leader board switched",
        AuditAction.FORECAST_REQUESTED: "Forecast requested",
        AuditAction.FORECAST_RUN: "Forecast made",
        AuditAction.DATA_REBUILT: "Warehouse rebuilt",
        AuditAction.MESSAGE_RESENT: "Message resent",
        AuditAction.VIEW_SAVED: "View saved",
        AuditAction.VIEW_REMOVED: "View deleted",
        AuditAction.VIEW_START_SET: "Start page changed",
        AuditAction.DASHBOARD_SAVED: "Dashboard saved",
        AuditAction.DASHBOARD_REMOVED: "Dashboard removed",
        AuditAction.DASHBOARD_RESTORED: "Dashboard restored",
        AuditAction.WEBHOOK_ADDED: "Webhook created",
        AuditAction.WEBHOOK_CHANGED: "Webhook changed",
        AuditAction.WEBHOOK_SECRET_CHANGED: "Secret of a webhook changed",
        AuditAction.WEBHOOK_REMOVED: "Webhook removed",
        AuditAction.ALERT_CHANNEL_ADDED: "Alert channel created",
        AuditAction.ALERT_CHANNEL_CHANGED: "Alert channel changed",
        AuditAction.ALERT_CHANNEL_TESTED: "Alert channel tested",
        AuditAction.ALERT_CHANNEL_REMOVED: "Alert channel removed",
        AuditAction.ALERT_CHANNEL_RETRIED: "Notice of an alert sent again",
        AuditAction.ANNOTATION_ADDED: "Day annotated",
        AuditAction.ANNOTATION_REMOVED: "Annotation deleted",
        AuditAction.CATALOGUE_SAVED: "Catalogue entry saved",
        AuditAction.CATALOGUE_IMPORTED: "Catalogue imported",
        AuditAction.CATALOGUE_CODE_IGNORED: "New code ignored",
        AuditAction.CATALOGUE_CODE_RESTORED: "New code listed again",
        AuditAction.RESTOCK_REQUESTED: "Restock queue computed on request",
        AuditAction.RESTOCK_DECIDED: "Decided about restocking",
        AuditAction.RESTOCK_SETTINGS: "Restock settings changed",
        AuditAction.STOCK_MOVED: "Stock counted or moved",
        AuditAction.STOCK_SYNCED: "Stock movements received by a sync",
        AuditAction.STOCK_COUNT_STARTED: "Count of a store started",
        AuditAction.STOCK_COUNT_DISCARDED: "Count of a store discarded",
        AuditAction.CONNECTOR_ADDED: "Connector added",
        AuditAction.CONNECTOR_CHANGED: "Connector changed",
        AuditAction.CONNECTOR_PAUSED: "Connector paused",
        AuditAction.CONNECTOR_RESUMED: "Connector resumed",
        AuditAction.CONNECTOR_REMOVED: "Connector removed",
        AuditAction.CONNECTOR_TESTED: "Connector tested",
        AuditAction.CONNECTOR_RUN: "Connector run on request",
        AuditAction.MART_DESTINATION_ADDED: "Copy of the marts added",
        AuditAction.MART_DESTINATION_REMOVED: "Copy of the marts removed",
        AuditAction.MART_DESTINATION_RUN: "Copy of the marts run on request",
        AuditAction.LOSS_RESOLVED: "Loss dealt with",
        AuditAction.LOSS_REOPENED: "Loss opened again",
        AuditAction.SETTING_CHANGED: "Setting changed",
    }
)

PAGES = {
    "token": "admin.stores",
    "webhook": "webhooks.listing",
    "alert-channel": "alert_channels.listing",
    "message": "pipeline.show",
    "data": "pipeline.show",
}
"""Kind of an entry → page of all objects of the kind."""

blueprint = Blueprint("audit", __name__, template_folder="templates")

PER_PAGE = 50
FILTERS = ("q", "who", "what", "subject", "since", "until")
COLUMNS = ("at", "who", "what", "subject", "before", "after", "address")


def no_action(what: str) -> str:
    return _("There is no action {what}.", what=what)


def action_label(what: str) -> str:
    """Label of an action, also of one that another version of Tillstream wrote."""
    return ACTION_LABELS[AuditAction(what)] if what in set(AuditAction) else what.replace(".", " ").replace("-", " ")


def by_kind() -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """kind → its label, and its actions as (value, label)."""
    return {
        kind: (label, [(what.value, ACTION_LABELS[what]) for what in AuditAction if what.kind == kind])
        for kind, label in KINDS.items()
    }


def where(entry: AuditEntry) -> str:
    """Address of the page of the changed object; empty if it has none."""
    match entry.kind:
        case "user":
            return url_for("admin.person", login=entry.subject)
        case "upload":
            return url_for("uploads.receipt", batch_id=entry.subject)
    return url_for(PAGES[entry.kind]) if entry.kind in PAGES else ""


def side_by_side(entry: AuditEntry) -> list[TemplateContext]:
    """Fields of both sides, in their original order."""
    names = [*entry.before, *(name for name in entry.after if name not in entry.before)]
    return [
        {
            "name": name.replace("_", " "),
            "before": plain(entry.before.get(name)),
            "after": plain(entry.after.get(name)),
            "changed": bool(entry.before) and entry.before.get(name) != entry.after.get(name),
        }
        for name in names
    ]


def plain(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(plain(each) for each in value)
    if isinstance(value, dict):
        return "; ".join(f"{name}: {plain(each)}" for name, each in value.items())
    return str(value)


@blueprint.get("/audit", endpoint="show")
@allow(Action.ADMINISTER)
def show_audit() -> ResponseReturnValue:
    filters = {name: request.args.get(name, "").strip() for name in FILTERS}
    below = request.args.get("below", "")
    entries_page = audit_log.find_page(ports(), _parse_filters(filters), below=below, limit=PER_PAGE)
    return render_template(
        "audit/show.html",
        entries_page=entries_page,
        filters=filters,
        below=below,
        is_filtered=any(filters.values()),
        people=[user.login for user in accounts.all_users(ports())],
        actions=by_kind(),
        action_label=action_label,
        where=where,
    )


@blueprint.get("/audit.csv", endpoint="export")
@allow(Action.ADMINISTER)
def export_audit() -> ResponseReturnValue:
    """All entries that match the filters of the page, as CSV."""
    filters = _parse_filters({name: request.args.get(name, "").strip() for name in FILTERS})
    lines = stream_with_context(_csv(audit_log.find_entries(ports(), filters)))
    return attachment(lines, "audit.csv")


@blueprint.get("/audit/<entry_id>", endpoint="one")
@allow(Action.ADMINISTER)
def show_entry(entry_id: str) -> ResponseReturnValue:
    """One entry, before and after side by side."""
    entry = audit_log.get_entry(ports(), entry_id)
    rows = side_by_side(entry)
    return render_template("audit/one.html", entry=entry, rows=rows, action_label=action_label, where=where(entry))


def _parse_filters(values: dict[str, str]) -> audit_log.AuditFilter:
    """Parse the filters. Raises `Rejected` for an invalid day or an unknown action."""
    what = values["what"]
    if what and what not in set(AuditAction) | {one.kind for one in AuditAction}:
        raise Rejected(no_action(what))
    return audit_log.AuditFilter(
        who=values["who"].casefold(),
        what=what,
        subject=values["subject"],
        since=formats.day_in(values["since"]),
        until=formats.day_in(values["until"]),
        text=values["q"],
    )


def _csv(entries: Iterator[AuditEntry]) -> Iterator[str]:
    """CSV chunks, guarded against formulas: users typed the cells."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for entry in entries:
        cells = [getattr(entry, name) for name in COLUMNS]
        texts = [json.dumps(cell, ensure_ascii=False) if isinstance(cell, dict) else str(cell) for cell in cells]
        writer.writerow(map(guard_formulas, map(neutralize_bidi, texts)))
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
