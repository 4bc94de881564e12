"""Audit log entries and their actions, which have stable names `kind.verb`."""

from dataclasses import asdict, dataclass
from enum import StrEnum

from tillstream.model.document_json import JsonObject


class AuditAction(StrEnum):
    USER_ADDED = "user.added"
    USER_INVITED = "user.invited"
    USER_JOINED = "user.joined"
    USER_CHANGED = "user.changed"
    USER_DISABLED = "user.disabled"
    USER_ENABLED = "user.enabled"
    USER_PASSWORD_RESET = "user.password-reset"  # noqa: S105 - a name, not a secret
    USER_PASSWORD_CHANGED = "user.password-changed"  # noqa: S105
    USER_PROFILE_CHANGED = "user.profile-changed"
    USER_SECOND_STEP_ON = "user.second-step-on"
    USER_SECOND_STEP_OFF = "user.second-step-off"
    USER_RECOVERY_CODES_CREATED = "user.recovery-codes-made"
    USER_RECOVERY_CODE_USED = "user.recovery-code-used"
    SESSION_BEGUN = "session.begun"
    SESSION_ENDED = "session.ended"
    SESSION_REFUSED = "session.refused"
    TOKEN_ISSUED = "token.issued"  # noqa: S105
    TOKEN_REVOKED = "token.revoked"  # noqa: S105
    KEY_ISSUED = "key.issued"
    KEY_ROTATED = "key.rotated"
    KEY_REVOKED = "key.revoked"
    KEY_UNSIGNED_ACCEPTED = "key.unsigned-accepted"
    CONTRACT_SAVED = "contract.saved"
    CONTRACT_PROPOSED = "contract.proposed"
    RATES_LOADED = "rates.loaded"
    UPLOAD_RECEIVED = "upload.received"
    UPLOAD_CANCELLED = "upload.cancelled"
    UPLOAD_FIXED = "upload.fixed"
    UPLOAD_REPLAYED = "upload.replayed"
    UPLOAD_CONFIRMED = "upload.confirmed"
    UPLOAD_REREAD = "upload.given-a-contract"
    UPLOAD_REJECTED = "upload.rejected"
    UPLOAD_NOTED = "upload.noted"
    UPLOAD_UNDONE = "upload.undone"
    UPLOAD_PREVIEW_EXPIRED = "upload.preview-expired"
    UPLOAD_OUT_OF_SCOPE = "upload.not-your-store"
    SALE_ENTERED = "sale.entered"
    SALE_OUT_OF_SCOPE = "sale.not-your-store"
    SALE_UNVERIFIED = "sale.unverified-message"
    SALE_UNVERIFIED_ACCEPTED = "sale.unverified-accepted"
    SALE_FILE_RECEIVED = "sale.file-received"
    SALE_SEQUENCE_REUSED = "sale.sequence-reused"
    DAY_CLOSE_ACCEPTED = "day-close.accepted"
    DATA_REFRESHED = "data.refreshed"
    DATA_ANNOUNCED = "data.announced"
    REPORT_SUBSCRIBED = "report.subscribed"
    REPORT_UNSUBSCRIBED = "report.unsubscribed"
    EXPORT_SUBSCRIBED = "export.subscribed"
    EXPORT_SUBSCRIPTION_CHANGED = "export.subscription-changed"
    EXPORT_SUBSCRIPTION_PAUSED = "export.subscription-paused"
    EXPORT_SUBSCRIPTION_RESUMED = "export.subscription-resumed"
    EXPORT_REQUESTED = "export.requested"
    EXPORT_MAILED = "export.mailed"
    EXPORT_STARTED = "export.started"
    EXPORT_FINISHED = "export.finished"
    EXPORT_CANCELLED = "export.cancelled"
    EXPORT_DOWNLOADED = "export.downloaded"
    EXPORT_REMOVED = "export.removed"
    EXPORT_DELIVERED = "export.delivered"
    EXPORT_UNSUBSCRIBED = "export.unsubscribed"
    FILE_DESTINATION_ADDED = "file-destination.added"
    FILE_DESTINATION_TESTED = "file-destination.tested"
    FILE_DESTINATION_REMOVED = "file-destination.removed"
    FILE_RETRIED = "file.retried"
    MAIL_RETRIED = "mail.retried"
    SERIES_IMPORTED = "series.imported"
    SERIES_REMOVED = "series.removed"
    SERIES_RESTORED = "series.restored"
    STOCK_MOVED = "stock.moved"
    STOCK_SYNCED = "stock.synced"
    ORDER_CREATED = "order.created"
    ORDER_CHANGED = "order.changed"
    RESTOCK_REQUESTED = "restock.requested"
    RESTOCK_DECIDED = "restock.decided"
    RESTOCK_SETTINGS = "restock.settings-changed"
    STOCK_COUNT_STARTED = "stock.count-started"
    STOCK_COUNT_DISCARDED = "stock.count-discarded"
    GOALS_CHANGED = "goals.changed"
    GOALS_SETTING_CHANGED = "goals.setting-changed"
    FORECAST_REQUESTED = "forecast.requested"
    FORECAST_RUN = "forecast.run"
    DATA_REBUILT = "data.rebuilt"
    MESSAGE_RESENT = "message.resent"
    VIEW_SAVED = "view.saved"
    VIEW_REMOVED = "view.removed"
    VIEW_START_SET = "view.set-as-start-page"
    DASHBOARD_SAVED = "dashboard.saved"
    DASHBOARD_REMOVED = "dashboard.removed"
    DASHBOARD_RESTORED = "dashboard.restored"
    ANNOTATION_ADDED = "annotation.added"
    ANNOTATION_REMOVED = "annotation.removed"
    CATALOGUE_SAVED = "catalogue.saved"
    CATALOGUE_IMPORTED = "catalogue.imported"
    CATALOGUE_CODE_IGNORED = "catalogue.code-ignored"
    CATALOGUE_CODE_RESTORED = "catalogue.code-restored"
    WEBHOOK_ADDED = "webhook.added"
    WEBHOOK_CHANGED = "webhook.changed"
    WEBHOOK_SECRET_CHANGED = "webhook.secret-changed"  # noqa: S105 - a name, not a secret
    WEBHOOK_REMOVED = "webhook.removed"
    ALERT_CHANNEL_ADDED = "alert-channel.added"
    ALERT_CHANNEL_CHANGED = "alert-channel.changed"
    ALERT_CHANNEL_TESTED = "alert-channel.tested"
    ALERT_CHANNEL_REMOVED = "alert-channel.removed"
    ALERT_CHANNEL_RETRIED = "alert-channel.retried"
    ALERT_ACKNOWLEDGED = "alert.acknowledged"
    ALERT_SNOOZED = "alert.snoozed"
    ALERT_RULE_SAVED = "alert-rule.saved"
    ALERT_RULE_REMOVED = "alert-rule.removed"
    MART_DESTINATION_ADDED = "mart-destination.added"
    MART_DESTINATION_REMOVED = "mart-destination.removed"
    MART_DESTINATION_RUN = "mart-destination.run"
    CONNECTOR_ADDED = "connector.added"
    CONNECTOR_CHANGED = "connector.changed"
    CONNECTOR_PAUSED = "connector.paused"
    CONNECTOR_RESUMED = "connector.resumed"
    CONNECTOR_REMOVED = "connector.removed"
    CONNECTOR_TESTED = "connector.tested"
    CONNECTOR_RUN = "connector.run"
    LOSS_RESOLVED = "loss.resolved"
    LOSS_REOPENED = "loss.reopened"
    SETTING_CHANGED = "setting.changed"
    SYNC_KEY_CREATED = "sync.key-created"
    SYNC_BEGUN = "sync.begun"
    SYNC_STOPPED = "sync.stopped"
    SYNC_HOME_ADDED = "sync.home-added"
    SYNC_HOME_REMOVED = "sync.home-removed"
    SYNC_HOME_RELEASED = "sync.home-released"
    SYNC_RECOVERED = "sync.recovered"
    SYNC_DECIDED = "sync.decided"
    SYNC_UNDO_REQUESTED = "sync.undo-requested"
    SYNC_DECLINED = "sync.declined"

    @property
    def kind(self) -> str:
        """The kind of object that was changed: the part before the dot."""
        return self.value.partition(".")[0]


@dataclass(frozen=True)
class AuditEntry:
    """One change: when (ISO 8601 UTC text), who, which action, on which subject, and its values before and after."""

    id: str
    """Increases with time: the order of ids is the order of events."""
    at: str
    who: str
    """A sign-in name or another actor: `command line`, `watched folder`."""
    what: str
    kind: str
    subject: str
    before: JsonObject
    after: JsonObject
    address: str
    """Network address of the client; of a command: `command API` or `command line`, and the system's user."""

    def to_json(self) -> JsonObject:
        return asdict(self)

    @classmethod
    def from_json(cls, data: JsonObject) -> "AuditEntry":
        return cls(**data)
