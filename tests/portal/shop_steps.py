"""A shop with an admin and a clerk, and what one needs to change each thing in it."""

import json
import re
from collections.abc import Callable
from io import BytesIO

import pyotp
from background_exports.export_acts import EXPORTS
from flask import Flask
from subscriptions.subscription_acts import SUBSCRIPTIONS
from unit.alert_channels.channel_steps import notify
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.alerts import records as alert_records
from tillstream.alerts.condition import AlertSources
from tillstream.alerts.evaluation import evaluate_rules
from tillstream.app import App, outgoing_deliveries
from tillstream.delivery import channel_registry as alert_channels
from tillstream.delivery import notice_deliveries, webhooks
from tillstream.delivery.alert_channel import ChannelDraft
from tillstream.model.audit import AuditEntry
from tillstream.model.batch import BatchKind
from tillstream.model.errors import Rejected
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.model.people import UNRESTRICTED
from tillstream.model.permissions import Role
from tillstream.people import personal_tokens, sessions, signatures, store_credentials, two_factor
from tillstream.ports.bus import Message
from tillstream.records import audit_log, batch_records, mail
from tillstream.records.mail import Mail

ALERT_RULE = {"name": "Large sales", "parameter-amount": "500", "severity": "info"}
ALERT_HOOK = {"name": "Ops", "url": "https://example.com/x", "digest_hour": "7", "time_zone": "UTC"}
OWN = "a sentence of my own"
FILE = indian_file(*(indian_sale(str(number)) for number in range(1, 9)), indian_sale("9", "ten"))
BAD = indian_file(*(indian_sale(f"B{number}", "ten") for number in range(6)), indian_sale("B9", "40.00"))


class Shop:
    """An app, its admin `boss`, a clerk `asha`, and the files they have."""

    def __init__(self, app: App, flask: Flask, person: People, work: Work) -> None:
        self.app, self.flask, self.work = app, flask, work
        self.boss = person(Role.ADMIN, login="boss")
        person(Role.CLERK, "IN", login="asha")

    def entries(self) -> list[AuditEntry]:
        return list(audit_log.find_entries(self.app.ports, audit_log.AuditFilter()))

    def upload(self, content: bytes = FILE, name: str = "june.csv") -> str:
        batch = self.boss.upload(content, name)
        self.work()
        return batch

    def held(self) -> str:
        return self.upload(BAD, "bad.csv")

    def widened(self) -> str:
        self.upload()
        header, *rows = indian_file(indian_sale("W1")).decode().splitlines()
        return self.upload("\n".join([f"{header},Mood", *(f"{row},good" for row in rows), ""]).encode(), "july.csv")

    def anonymous(self) -> Visitor:
        return Visitor(self.flask.test_client())

    def dead_letter(self) -> str:
        bus = self.app.ports.bus
        bus.publish("batch-events", [Message(b"{}", {"type": "batch.staged"})])
        for _ in range(20):
            bus.release(bus.pull("batches", 10), "the disk was full")
            self.app.ports.clock.sleep(600)
        return bus.dead_letters()[0].id

    def code(self, key: str, steps: int = 0) -> str:
        return str(pyotp.TOTP(key).at(int(self.app.ports.clock.now().timestamp()) + 30 * steps))

    def set_up(self, login: str) -> str:
        key = two_factor.start_totp_setup(self.app.ports, login)
        two_factor.confirm_totp(self.app.ports, login, self.code(key, -1))
        return key

    def fixed(self) -> str:
        batch = self.upload()
        refused = self.boss.get(f"/uploads/{batch}/refused.csv").data
        self.boss.post(f"/uploads/{batch}/fix", {"file": (BytesIO(refused.replace(b"ten", b"10")), "refused.csv")})
        return batch

    def session(self, login: str) -> str:
        visitor = self.anonymous()
        visitor.sign_in(login)
        return sessions.find_sessions(self.app.ports, login)[0].id


def webhook(shop: Shop, paused: str = "") -> str:
    created, _ = webhooks.add_webhook(shop.app.ports, "https://example.com/sales", "", "boss", private=False)
    if paused:
        webhooks.pause_webhook(shop.app.ports, created.id, "boss", paused)
    return created.id


def alert_channel(shop: Shop, *, is_paused: bool = False) -> str:
    draft = ChannelDraft("Ops", "webhook", ALERT_HOOK["url"])
    created, _ = alert_channels.add_channel(shop.app.ports, draft, "boss", private=False)
    alert_channels.pause_channel(shop.app.ports, created.id, "boss", is_paused=is_paused)
    return created.id


def failed_delivery(shop: Shop) -> str:
    """A delivery to a channel that was paused meanwhile."""
    id_ = alert_channel(shop)
    channel = alert_channels.get_channel(shop.app.ports, id_)
    notify(shop.app, "n1", channel)
    notice_deliveries.take_due_notices(shop.app.ports)
    alert_channels.pause_channel(shop.app.ports, id_, "boss", is_paused=True)
    notice_deliveries.send_due_notices(outgoing_deliveries.channel_sender(shop.app))
    (one,) = notice_deliveries.list_notice_deliveries(shop.app.ports)
    return one.id


def alert(shop: Shop) -> str:
    """The id of an alert in progress."""
    shop.dead_letter()
    evaluate_rules(AlertSources(shop.app.ports, shop.app.contracts, "USD"))
    return alert_records.active_alerts(shop.app.ports, UNRESTRICTED)[0].id


def change_rule(shop: Shop, path: str, **form: str) -> None:
    """Post a form below the rules of alerts."""
    assert shop.boss.post(f"/alerts/rules/{path}", form).status_code == 303


def discarded(shop: Shop) -> str:
    """The micro-batch of a message that could not be read, after its discard."""
    shop.app.ports.bus.publish(TOPIC_STORE_SALES, [Message(b"nonsense", {})])
    shop.work()
    (batch,) = batch_records.find_batches(shop.app.ports, kind=BatchKind.STORE_SALES)
    shop.boss.post(f"/uploads/{batch.batch_id}/discard", {"line": "1", "reason": "a test"})
    return batch.batch_id


def token(shop: Shop, login: str) -> str:
    return personal_tokens.issue_personal_token(shop.app.ports, login, "report", ["numbers"], by=login)[0].id


def revoked_key(shop: Shop) -> tuple[str, str]:
    """The only key of a store, which is revoked, and its private key."""
    key, private = store_credentials.issue_store_key(shop.app.ports, "IN", "MUM01", "front", "boss")
    store_credentials.revoke_store_key(shop.app.ports, key.id, "boss")
    return key.id, private


def unsigned_again(shop: Shop) -> None:
    revoked_key(shop)
    shop.boss.post("/stores/unsigned", {"region": "IN", "store_id": "MUM01"})


def unverified(shop: Shop) -> str:
    """The micro-batch of a sale that was signed with a revoked key."""
    key, private = revoked_key(shop)
    line = {"line": "1", "product_id": "P-1", "net_amount": "10"}
    sale = {"schema": "store-sale/1", "region": "IN", "store_id": "MUM01", "number": "7", "version": 1, "lines": [line]}
    body = json.dumps(sale | {"currency": "INR", "sold_at": "2026-06-30T12:00:00+05:30"}).encode()
    store = {"region": "IN", "store_id": "MUM01", "key": key, "till": "front"}
    shop.app.ports.bus.publish(
        TOPIC_STORE_SALES, [Message(body, store | {"signature": signatures.sign_payload(private, body)})]
    )
    shop.work()
    return batch_records.find_batches(shop.app.ports, kind=BatchKind.STORE_SALES)[0].batch_id


def accepted(shop: Shop) -> None:
    shop.boss.post(
        f"/uploads/{unverified(shop)}/accept-sales", {"line": "1", "reason": "signed before the key was lost"}
    )


def goals(shop: Shop, amount: int = 5) -> None:
    shop.boss.post("/goals/import", {"rows": f"region,amount\nIN,{amount}\n", "month": "2026-06"})


def entered_goal(shop: Shop) -> None:
    key = "IN|||"
    form = {"level": "region", "measure": "revenue", "year": "2026", f"was|{key}": "|" * 11, f"2026-06|{key}": "5"}
    shop.boss.post("/goals/edit", form)


def restored_goals(shop: Shop) -> None:
    goals(shop)
    goals(shop, 6)
    shop.boss.post("/goals/history", {"month": "2026-06", "version": "1"})


def subscribed(shop: Shop) -> None:
    shop.boss.post("/reports/subscribe", {"every": "month", "to": "boss@example.com"})


def unsubscribed(shop: Shop) -> None:
    subscribed(shop)
    shop.boss.post("/reports/unsubscribe", {"every": "month"})


def failed_mail(shop: Shop) -> None:
    def refuse(to: str, content: bytes) -> None:
        raise Rejected("no")

    mail.add_mail(shop.app.ports, Mail("key", "boss@example.com", "Sales", "text"), "a@example.com")
    mail.send_due_mail(shop.app.ports, refuse)
    (one,) = mail.list_mail(shop.app.ports)
    shop.boss.post(f"/reports/messages/{one.id}")


def series(shop: Shop) -> None:
    shop.boss.post("/forecast/series", {"name": "visits", "file": (BytesIO(b"date,value\n2026-06-01,5\n"), "v.csv")})


def removed_series(shop: Shop) -> None:
    series(shop)
    shop.boss.post("/forecast/series/visits/remove")


def restored_series(shop: Shop) -> None:
    removed_series(shop)
    shop.boss.post("/forecast/series/visits/restore")


PLANNING: dict[str, tuple[str, Callable[[Shop], object]]] = {
    **(SUBSCRIPTIONS | EXPORTS),
    "reports.subscribe": ("report.subscribed", subscribed),
    "reports.unsubscribe": ("report.unsubscribed", unsubscribed),
    "reports.send_again": ("mail.retried", failed_mail),
    "alert_channels.add": ("alert-channel.added", lambda s: s.boss.post("/alert-channels/new/webhook", ALERT_HOOK)),
    "alert_channels.change": (
        "alert-channel.changed",
        lambda s: s.boss.post(f"/alert-channels/{alert_channel(s)}/change", ALERT_HOOK | {"name": "Night"}),
    ),
    "alert_channels.pause": (
        "alert-channel.changed",
        lambda s: s.boss.post(f"/alert-channels/{alert_channel(s)}/pause"),
    ),
    "alert_channels.resume": (
        "alert-channel.changed",
        lambda s: s.boss.post(f"/alert-channels/{alert_channel(s, is_paused=True)}/resume"),
    ),
    "alert_channels.test": ("alert-channel.tested", lambda s: s.boss.post(f"/alert-channels/{alert_channel(s)}/test")),
    "alert_channels.remove": (
        "alert-channel.removed",
        lambda s: s.boss.post(f"/alert-channels/{alert_channel(s)}/remove"),
    ),
    "alert_channels.send_again": (
        "alert-channel.retried",
        lambda s: s.boss.post(f"/alert-deliveries/{failed_delivery(s)}"),
    ),
    "forecast.import_series": ("series.imported", series),
    "forecast.remove_series": ("series.removed", removed_series),
    "forecast.restore_series": ("series.restored", restored_series),
    "goals.save": ("goals.changed", entered_goal),
    "goals.import_file": ("goals.changed", goals),
    "goals.restore": ("goals.changed", restored_goals),
    "goals.switch_board": ("goals.setting-changed", lambda s: s.boss.post("/goals/leader-board", {"shown": "off"})),
}
"""Endpoint of alert channels, forecasts, goals and reports → its entry in the audit log, and the act."""
ALERTS: dict[str, tuple[str, Callable[[Shop], object]]] = {
    "alerts.acknowledge": ("alert.acknowledged", lambda s: s.boss.post(f"/alerts/{alert(s)}/acknowledge")),
    "alerts.snooze": ("alert.snoozed", lambda s: s.boss.post(f"/alerts/{alert(s)}/snooze", {"hours": "4"})),
    "alerts.add_rule": ("alert-rule.saved", lambda s: change_rule(s, "new", kind="large-sale", **ALERT_RULE)),
    "alerts.save_rule": ("alert-rule.saved", lambda s: change_rule(s, "large-sale", **ALERT_RULE)),
    "alerts.enable_rule": ("alert-rule.saved", lambda s: change_rule(s, "large-sale/enable", enabled="yes")),
    "alerts.remove_rule": ("alert-rule.removed", lambda s: change_rule(s, "large-sale/remove")),
}
"""Endpoint of alerts → its entry in the audit log, and the act."""


def hidden_fields(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that is sent to an address, apart from the token of the session."""
    form = page.partition(f'action="{action}"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    return {name: value for name, value in fields.items() if name != "csrf_token"}
