"""Display labels of audit actions and values."""

from typing import Any

from flask import url_for

from tillstream.audit import Entry, What

KINDS = {
    "user": "Accounts",
    "session": "Sessions",
    "token": "Tokens",
    "contract": "Contracts",
    "rates": "Exchange rates",
    "upload": "Uploads",
    "sale": "Sales",
    "data": "Data",
    "message": "Messages",
    "setting": "Settings",
}
ACTION_LABELS = {
    What.USER_ADDED: "Account made",
    What.USER_INVITED: "Person invited",
    What.USER_JOINED: "Invitation taken up",
    What.USER_CHANGED: "Role or scope changed",
    What.USER_DISABLED: "Account stopped",
    What.USER_ENABLED: "Let in again",
    What.USER_PASSWORD_RESET: "New password made",
    What.USER_PASSWORD_CHANGED: "Own password changed",
    What.USER_PROFILE_CHANGED: "Own profile changed",
    What.USER_SECOND_STEP_ON: "Second step set up",
    What.USER_SECOND_STEP_OFF: "Second step taken off",
    What.USER_RECOVERY_CODES_MADE: "New recovery codes",
    What.USER_RECOVERY_CODE_USED: "Recovery code used",
    What.SESSION_BEGUN: "Signed in",
    What.SESSION_ENDED: "Signed out",
    What.SESSION_REFUSED: "Not let in",
    What.TOKEN_ISSUED: "Token made",
    What.TOKEN_REVOKED: "Token revoked",
    What.CONTRACT_SAVED: "Contract saved",
    What.CONTRACT_PROPOSED: "Contract proposed",
    What.RATES_LOADED: "Exchange rates loaded",
    What.UPLOAD_RECEIVED: "File uploaded",
    What.UPLOAD_CANCELLED: "Upload cancelled",
    What.UPLOAD_FIXED: "Rows corrected",
    What.UPLOAD_REPLAYED: "File read again",
    What.UPLOAD_CONFIRMED: "Held file confirmed",
    What.UPLOAD_REREAD: "Held file given a contract",
    What.UPLOAD_REJECTED: "Held file rejected",
    What.UPLOAD_UNDONE: "Upload undone",
    What.SALE_ENTERED: "Sale entered",
    What.DATA_REFRESHED: "Data refreshed",
    What.DATA_ANNOUNCED: "Changes announced",
    What.DATA_REBUILT: "Warehouse made anew",
    What.MESSAGE_RESENT: "Message sent again",
    What.SETTING_CHANGED: "Setting changed",
}


def action_label(what: str) -> str:
    """Label of an action, also of one that another version of Tillstream wrote."""
    return ACTION_LABELS[What(what)] if what in set(What) else what.replace(".", " ").replace("-", " ")


def by_kind() -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """kind → its label, and its actions as (value, label)."""
    return {
        kind: (label, [(what.value, ACTION_LABELS[what]) for what in What if what.kind == kind])
        for kind, label in KINDS.items()
    }


def where(entry: Entry) -> str:
    """Address of the page of the changed object; empty if it has none."""
    match entry.kind:
        case "user":
            return url_for("admin.person", login=entry.subject)
        case "upload":
            return url_for("uploads.receipt", batch_id=entry.subject)
        case "token":
            return url_for("admin.stores")
        case "message" | "data":
            return url_for("pipeline.show")
    return ""


def side_by_side(entry: Entry) -> list[dict[str, Any]]:
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
