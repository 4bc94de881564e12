"""Texts of the audit log."""

from tillstream.audit import AuditAction

KINDS = {
    "user": "Accounts",
    "session": "Sessions",
    "token": "Tokens",
    "contract": "Data sources",
    "rates": "Exchange rates",
    "upload": "Uploads",
    "sale": "Sales",
    "data": "Data",
    "message": "Messages",
    "view": "Saved views",
    "annotation": "Annotations",
    "setting": "Settings",
}
ACTION_LABELS = {
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
    AuditAction.UPLOAD_UNDONE: "Upload undone",
    AuditAction.UPLOAD_PREVIEW_EXPIRED: "Preview expired",
    AuditAction.UPLOAD_OUT_OF_SCOPE: "Security: rows for another store rejected",
    AuditAction.SALE_ENTERED: "Sale entered",
    AuditAction.SALE_OUT_OF_SCOPE: "Security: sale for another store rejected",
    AuditAction.DATA_REFRESHED: "Data refreshed",
    AuditAction.DATA_ANNOUNCED: "Changes published",
    AuditAction.DATA_REBUILT: "Warehouse rebuilt",
    AuditAction.MESSAGE_RESENT: "Message resent",
    AuditAction.VIEW_SAVED: "View saved",
    AuditAction.VIEW_REMOVED: "View deleted",
    AuditAction.VIEW_START_SET: "Start page changed",
    AuditAction.ANNOTATION_ADDED: "Day annotated",
    AuditAction.ANNOTATION_REMOVED: "Annotation deleted",
    AuditAction.SETTING_CHANGED: "Setting changed",
}


def no_action(what: str) -> str:
    return f"There is no action {what}."


def not_a_date(text: str) -> str:
    return f"{text} is not a date. Write it like 2026-07-01."
