"""Every command that changes something leaves an entry in the audit log, or only reads."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from connectors import listed_kind
from faults.objects.damaged_objects import original_of
from shop_steps import FILE, Shop, alert, alert_channel, failed_delivery, revoked_key, token, unverified, webhook
from subscriptions.subscription_acts import delivery, destination, subscription
from sync.sync_commands import SYNC_COMMANDS
from visitor import indian_file, indian_sale

from examples import long_but
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.connectors import records as records_of_connectors
from tillstream.people import accounts, store_credentials
from tillstream.records import batch_records, losses
from tillstream.records.losses import Loss, LossKind

READING = {
    "receipts", "quarantine", "replay-preview", "undo-preview", "query", "status", "contracts", "contracts-pandera",
    "contracts-expectations", "contracts-whole-numbers-preview",
    "measures", "frame", "quality", "forecast-accuracy", "goals", "report-executive", "report-send", "series",
    "alerts", "alerts-rules", "alerts-preview", "marts-export", "marts-copy", "forecast-features", "forecast-compare",
    "export",
    "audit", "stores", "tokens", "users", "users-show", "users-sessions", "rebuild", "backup", "delivered-lines",
    "catalogue", "catalogue-export", "restock", "restock-simulate", "orders", "orders-show", "orders-pdf", "stock",
    "subscribe-begin", "subscribe-next", "subscribe-end", "webhooks", "webhooks-test", "webhooks-deliveries",
    "channels", "channels-deliveries", "backfill-list", "backfill-status",
    "connect", "connect-kinds", "connect-show", "connect-run-due", "sync-homes", "sync-questions", "sync-requests",
    "sync-status",
    "marts-destinations", "marts-destinations-run-due",
    "subscriptions", "subscriptions-destinations", "subscriptions-deliveries",
    "losses",
}  # fmt: skip
"""Also `rebuild`, whose copy is thrown away; the one that replaces an older warehouse tells so in test_older_homes.
Also `connect-run-due` and `marts-destinations-run-due`, as the schedule does: each file that comes has an entry."""


@pytest.fixture(autouse=True)
def _kind_of_connector(monkeypatch: pytest.MonkeyPatch) -> None:
    listed_kind.register(monkeypatch)


def command(shop: Shop, name: str, /, **options: Any) -> Any:
    return COMMANDS[name](shop.app, quiet, **options).data


def _file(shop: Shop, content: bytes, name: str = "may.csv") -> str:
    path = Path(shop.app.settings.home) / name
    path.write_bytes(content)
    return str(path)


def _announced(shop: Shop) -> None:
    command(shop, "ingest", files=[_file(shop, FILE)], contract="IN")
    command(shop, "announce")


def _fix_by_file(shop: Shop) -> None:
    batch = shop.upload()
    refused = shop.boss.get(f"/uploads/{batch}/refused.csv").data
    command(shop, "fix", batch=batch, file=_file(shop, refused.replace(b"ten", b"10"), "refused.csv"))


def _whole_numbers(shop: Shop) -> None:
    command(shop, "ingest", files=[_file(shop, indian_file(indian_sale("1.0"), indian_sale("2.0")))], contract="IN")
    command(shop, "contracts-whole-numbers", name="IN")


def _series(shop: Shop) -> None:
    command(shop, "series-import", name="footfall", file=_file(shop, b"date,value\n2026-06-01,5\n", "f.csv"))


def _key(shop: Shop) -> str:
    return store_credentials.issue_store_key(shop.app.ports, "IN", "MUM01", "front", "boss")[0].id


def _own_contract(shop: Shop) -> dict[str, Any]:
    return shop.app.contracts.current("IN").model_dump(mode="json") | {"refused_threshold": 0.02}


def _connector(shop: Shop) -> str:
    path = Path(shop.app.settings.home) / "list.json"
    listed_kind.write(path, [])
    if not records_of_connectors.connector_exists(shop.app.ports, "shop"):
        command(shop, "connect-add", name="shop", kind=listed_kind.NAME, settings={"list": str(path)})
    return "shop"


def _destination(shop: Shop) -> str:
    folder = Path(shop.app.settings.home).with_name("marts")  # no copy may be in the home
    command(shop, "marts-destinations-add", name="lake", to=str(folder))
    return "lake"


def _loss(shop: Shop) -> str:
    (record,) = losses.report_losses(
        shop.app.ports, Loss(LossKind.STORE_SALES, "IN/MUM01", "Sales are lost.", "Send them.")
    )
    return record.id


def _accept_loss(shop: Shop) -> str:
    loss = _loss(shop)
    command(shop, "losses-decide", loss=loss, resolution="accepted", reason="A test till.")
    return loss


def _restore_loss(shop: Shop) -> None:
    batch = batch_records.get_batch(shop.app.ports, shop.upload())
    archive = Path(shop.app.settings.home).with_name("backup.tar")
    command(shop, "backup", out=str(archive))
    original_of(shop.app, batch).unlink()
    command(shop, "sweep")
    command(shop, "losses-restore", archive=str(archive))


def _backfill(shop: Shop) -> str:
    folder = Path(shop.app.settings.home) / "history"
    folder.mkdir()
    (folder / "may.csv").write_bytes(FILE)
    options = {"paths": [str(folder)], "contract": "IN", "settings": {}, "dry": False, "job": False}
    return str(command(shop, "backfill", **options)["name"])


BY_COMMAND: dict[str, tuple[str, Callable[[Shop], object]]] = {
    "ingest": ("upload.received", lambda s: command(s, "ingest", files=[_file(s, FILE)], contract="IN")),
    "backfill": ("connector.added", _backfill),
    "backfill-undo": ("upload.undone", lambda s: command(s, "backfill-undo", name=_backfill(s))),
    "fix": ("upload.fixed", _fix_by_file),
    "replay": ("upload.replayed", lambda s: command(s, "replay", batch=s.upload())),
    "confirm": ("upload.confirmed", lambda s: command(s, "confirm", batch=s.held())),
    "accept": ("contract.saved", lambda s: command(s, "accept", batch=s.widened())),
    "reject": ("upload.rejected", lambda s: command(s, "reject", batch=s.held())),
    "undo": ("upload.undone", lambda s: command(s, "undo", batch=s.upload())),
    "announce": ("data.announced", _announced),
    "sweep": ("data.refreshed", lambda s: command(s, "sweep")),
    "settle": ("data.refreshed", lambda s: command(s, "settle")),
    "contracts-save": ("contract.saved", lambda s: command(s, "contracts-save", contract=_own_contract(s))),
    "fx-load": (
        "rates.loaded",
        lambda s: command(s, "fx-load", file=_file(s, b"date,currency,rate\n2026-06-01,GBP,0.8\n", "r.csv")),
    ),
    "catalogue-import": (
        "catalogue.imported",
        lambda s: command(s, "catalogue-import", kind="products", file=_file(s, b"code,name\nKET,Kettle\n", "p.csv")),
    ),
    "goals-import": (
        "goals.changed",
        lambda s: command(s, "goals-import", file=_file(s, b"region,amount\nIN,5\n", "g.csv"), month="2026-06"),
    ),
    "alerts-acknowledge": ("alert.acknowledged", lambda s: command(s, "alerts-acknowledge", alert=alert(s))),
    "alerts-snooze": ("alert.snoozed", lambda s: command(s, "alerts-snooze", alert=alert(s), hours=2)),
    "restock-run": ("restock.requested", lambda s: command(s, "restock-run")),
    "stock-rebuild": ("data.rebuilt", lambda s: command(s, "stock-rebuild")),
    "stock-import": (
        "stock.moved",
        lambda s: (s.upload(), command(s, "stock-import", file=_file(s, b"store,sku,qty\nMUM01,P1,5\n", "stock.csv"))),
    ),
    "series-import": ("series.imported", _series),
    "series-remove": ("series.removed", lambda s: (_series(s), command(s, "series-remove", name="footfall"))),
    "subscriptions-add": (
        "export.subscribed",
        lambda s: command(
            s, "subscriptions-add", login="boss", to="a@example.com", every="day", format="csv", query="kpis", params={}
        ),
    ),
    "subscriptions-retry": ("file.retried", lambda s: command(s, "subscriptions-retry", delivery=delivery(s))),
    "subscriptions-destinations-add": (
        "file-destination.added",
        lambda s: command(s, "subscriptions-destinations-add", name="lake", to="gs://lake/sales"),
    ),
    "subscriptions-destinations-test": (
        "file-destination.tested",
        lambda s: command(s, "subscriptions-destinations-test", name=destination(s)),
    ),
    "subscriptions-destinations-remove": (
        "file-destination.removed",
        lambda s: command(s, "subscriptions-destinations-remove", name=destination(s)),
    ),
    **{
        f"subscriptions-{name}": (
            what,
            lambda s, name=name: command(s, f"subscriptions-{name}", subscription=subscription(s)),
        )
        for name, what in {
            "pause": "export.subscription-paused",
            "resume": "export.subscription-resumed",
            "run": "export.requested",
            "remove": "export.unsubscribed",
        }.items()
    },
    "losses-decide": ("loss.resolved", _accept_loss),
    "losses-reopen": ("loss.reopened", lambda s: command(s, "losses-reopen", loss=_accept_loss(s))),
    "losses-restore": ("loss.resolved", _restore_loss),
    "forecast": ("forecast.run", lambda s: command(s, "forecast")),
    "demo": ("upload.received", lambda s: command(s, "demo", scale=0.001)),
    "channels-add": (
        "alert-channel.added",
        lambda s: command(
            s, "channels-add", name="Ops", kind="email", to=["a@example.com"], digest_hour=7, time_zone="UTC"
        ),
    ),
    "channels-test": ("alert-channel.tested", lambda s: command(s, "channels-test", channel=alert_channel(s))),
    "channels-pause": ("alert-channel.changed", lambda s: command(s, "channels-pause", channel=alert_channel(s))),
    "channels-resume": (
        "alert-channel.changed",
        lambda s: command(s, "channels-resume", channel=alert_channel(s, is_paused=True)),
    ),
    "channels-remove": ("alert-channel.removed", lambda s: command(s, "channels-remove", channel=alert_channel(s))),
    "channels-send-again": (
        "alert-channel.retried",
        lambda s: command(s, "channels-send-again", delivery=failed_delivery(s)),
    ),
    **SYNC_COMMANDS,
    "marts-destinations-add": ("mart-destination.added", _destination),
    "marts-destinations-remove": (
        "mart-destination.removed",
        lambda s: command(s, "marts-destinations-remove", name=_destination(s)),
    ),
    "marts-destinations-run": (
        "mart-destination.run",
        lambda s: command(s, "marts-destinations-run", name=_destination(s)),
    ),
    "connect-add": ("connector.added", _connector),
    "connect-change": (
        "connector.changed",
        lambda s: command(s, "connect-change", connector=_connector(s), settings={"order": "newest"}),
    ),
    "connect-pause": ("connector.paused", lambda s: command(s, "connect-pause", connector=_connector(s))),
    "connect-resume": (
        "connector.resumed",
        lambda s: (
            command(s, "connect-pause", connector=_connector(s)),
            command(s, "connect-resume", connector="shop"),
        ),
    ),
    "connect-remove": ("connector.removed", lambda s: command(s, "connect-remove", connector=_connector(s))),
    "connect-run": ("connector.run", lambda s: command(s, "connect-run", connector=_connector(s))),
    "connect-test": ("connector.tested", lambda s: command(s, "connect-test", connector=_connector(s))),
    "webhooks-add": ("webhook.added", lambda s: command(s, "webhooks-add", url="https://example.com")),
    "webhooks-remove": ("webhook.removed", lambda s: command(s, "webhooks-remove", webhook=webhook(s))),
    "webhooks-pause": ("webhook.changed", lambda s: command(s, "webhooks-pause", webhook=webhook(s))),
    "webhooks-resume": ("webhook.changed", lambda s: command(s, "webhooks-resume", webhook=webhook(s, "410"))),
    "webhooks-new-secret": (
        "webhook.secret-changed",
        lambda s: command(s, "webhooks-new-secret", webhook=webhook(s)),
    ),
    "webhooks-resend": ("message.resent", lambda s: command(s, "webhooks-resend", webhook=webhook(s))),
    "stores-connect": ("key.issued", lambda s: command(s, "stores-connect", region="IN", store="MUM01")),
    "stores-replace": ("key.rotated", lambda s: command(s, "stores-replace", key=_key(s))),
    "stores-revoke": ("key.revoked", lambda s: command(s, "stores-revoke", key=_key(s))),
    "stores-accept-unsigned": (
        "key.unsigned-accepted",
        lambda s: (revoked_key(s), command(s, "stores-accept-unsigned", region="IN", store="MUM01")),
    ),
    "stores-receive": ("sale.file-received", lambda s: command(s, "stores-receive", file=_file(s, b"{}", "x.jsonl"))),
    "stores-discard": (
        "upload.fixed",
        lambda s: command(s, "stores-discard", batch=unverified(s), lines=[1], reason="a test"),
    ),
    "stores-accept": (
        "sale.unverified-accepted",
        lambda s: command(s, "stores-accept", batch=unverified(s), lines=[1], reason="signed before"),
    ),
    "tokens-make": (
        "token.issued",
        lambda s: command(s, "tokens-make", login="asha", name="r", rights=["numbers"]),
    ),
    "tokens-revoke": ("token.revoked", lambda s: command(s, "tokens-revoke", token=token(s, "asha"))),
    "users-add": ("user.added", lambda s: command(s, "users-add", login="ravi", name="", role="admin")),
    "users-invite": ("user.invited", lambda s: command(s, "users-invite", login="ravi", name="", role="admin")),
    "contracts-whole-numbers": ("contract.saved", _whole_numbers),
    "users-link": ("user.password-reset", lambda s: command(s, "users-link", login="asha")),
    "users-disable": ("user.disabled", lambda s: command(s, "users-disable", login="asha")),
    "users-enable": ("user.enabled", lambda s: command(s, "users-enable", login="asha")),
    "users-reset": ("user.password-reset", lambda s: command(s, "users-reset", login="asha")),
    "users-set": ("user.changed", lambda s: command(s, "users-set", login="asha", role="manager")),
    "users-second-step-off": ("user.second-step-off", lambda s: command(s, "users-second-step-off", login="asha")),
    "users-require-second-step": (
        "setting.changed",
        lambda s: command(s, "users-require-second-step", roles=["admin"]),
    ),
    "users-end-sessions": ("session.ended", lambda s: command(s, "users-end-sessions", login="asha")),
}


def test_every_command_that_changes_data_is_covered() -> None:
    assert set(COMMANDS) == set(BY_COMMAND) | READING
    assert not set(BY_COMMAND) & READING


@pytest.mark.parametrize("name", long_but(set(BY_COMMAND) - {"demo"}, BY_COMMAND))
def test_each_change_by_a_command_is_audited(shop: Shop, name: str) -> None:
    """`demo` takes seconds, because it loads the samples."""
    what, act = BY_COMMAND[name]
    before = {entry.id for entry in shop.entries()}
    act(shop)
    entries = [entry for entry in shop.entries() if entry.id not in before and entry.what == what]
    assert entries, name
    assert entries[0].who in {"command line", "samples", "connector web-shop"}
    assert entries[0].address == ""


def test_what_only_looks_leaves_no_entry(shop: Shop) -> None:
    batch = shop.upload()
    before = len(shop.entries())
    for path in ("/dashboard", "/uploads", f"/uploads/{batch}", "/people", "/audit", "/profile", "/api/kpis"):
        assert shop.boss.get(path).status_code == 200, path
    for name in ("status", "users", "contracts"):
        command(shop, name)
    assert batch_records.get_batch(shop.app.ports, batch).file == "june.csv"
    assert re.fullmatch(r"\d+", str(before))
    assert len(shop.entries()) == before


def test_the_password_of_a_new_command_line_account_is_not_audited(shop: Shop) -> None:
    result = command(shop, "users-add", login="ravi", name="", role="admin")
    assert result["password"] not in str([entry.to_json() for entry in shop.entries()])
    assert accounts.get_user(shop.app.ports, "ravi").given_password
