"""Destinations of files: who may have which, and what is delivered to a folder, once, also after a stop."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import shop_of_two_stores
from faults.objects.damaged_objects import flip_staged

from tillstream.adapters.local.clock import ManualClock
from tillstream.adapters.local.files.destination_folders import DeliveryFolder
from tillstream.app import App, outgoing_deliveries
from tillstream.app.outgoing_deliveries import subscribed_tables_source
from tillstream.commands import report
from tillstream.delivery import file_deliveries, file_destinations, subscription_files, subscriptions
from tillstream.delivery.file_destinations import FileDestinationDraft
from tillstream.delivery.subscriptions import SubscriptionDraft
from tillstream.model.errors import NotFound, Rejected, Unavailable
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.records import audit_log
from tillstream.records.outbox import FAILED, SENDING, SENT, WAITING

JULY_1 = datetime(2026, 7, 1, 7, tzinfo=UTC)
BY_STORE = "/explore?measure=revenue&by=store&preset=last-month&currency=GBP"
MONTHLY = SubscriptionDraft("Stores", BY_STORE, "csv", "", "month", 1, destination="bi", file_name="{name}-{period}")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = shop_of_two_stores.app(tmp_path)
    accounts.add_account(opened.ports, "maya", "Maya", Role.MANAGER, regions=("UK",), stores=("LDS1",))
    outgoing_deliveries.add_file_destination(opened, FileDestinationDraft("bi", str(folder_of(opened))), "boss")
    yield opened
    opened.close()


def folder_of(app: App) -> Path:
    return app.settings.home.absolute() / "deliveries" / "bi"


def advance(app: App, to: datetime) -> None:
    clock = app.ports.clock
    assert isinstance(clock, ManualClock)
    clock.advance((to - clock.now()).total_seconds())


def deliver(app: App, draft: SubscriptionDraft = MONTHLY, at: datetime = JULY_1) -> dict[str, int]:
    subscriptions.add_subscription(app.ports, "maya", draft, "maya")
    advance(app, at)
    return run(app)


def run(app: App) -> dict[str, int]:
    data: dict[str, int] = report.send_due_reports(app).data
    return data


def files(app: App) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder_of(app).iterdir()}


def test_a_file_is_delivered_without_e_mail_in_the_scope_of_its_reader(app: App) -> None:
    assert deliver(app) == {"made": 1, "sent": 1}
    ((name, content),) = files(app).items()
    assert name == "stores-2026-06.csv"
    header, row = content.decode("utf-8-sig").splitlines()
    assert header == '"store","revenue"'
    assert "LDS1" in row
    (entry,) = file_deliveries.list_file_deliveries(app.ports)
    assert (entry.state, entry.bytes, entry.login) == (SENT, len(content), "maya")
    (one,) = subscriptions.list_subscriptions(app.ports)
    assert (one.last_rows, one.last_mail, one.last_destination) == (1, entry.id, "bi")
    kinds = [str(each.what) for each in audit_log.find_entries(app.ports, audit_log.AuditFilter())]
    assert {"file-destination.added", "export.delivered"} <= set(kinds)
    assert run(app) == {"made": 0, "sent": 0}
    assert list(app.ports.objects.list("staging", file_deliveries.FILES_FOLDER)) == []


def test_a_file_that_is_damaged_before_it_is_delivered_fails(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    subscriptions.add_subscription(app.ports, "maya", MONTHLY, "maya")
    advance(app, JULY_1)
    assert (
        sum(subscription_files.make_due_files(subscription_files.SubscriptionSender(subscribed_tables_source(app), "")))
        == 1
    )
    flip_staged(app, file_deliveries.FILES_FOLDER)
    run(app)
    (entry,) = file_deliveries.list_file_deliveries(app.ports)
    assert (entry.state, entry.error) == (
        FAILED,
        "The stored file stores-2026-06.csv was damaged, so it is not delivered. Make it again.",
    )


def test_a_file_of_the_same_name_is_replaced_or_kept_as_the_subscription_wants(app: App) -> None:
    deliver(app, replace(MONTHLY, file_name="latest", every="day"))
    (folder_of(app) / "latest.csv").write_text("older")
    advance(app, JULY_1 + timedelta(days=1))
    run(app)
    assert set(files(app)) == {"latest.csv"}
    assert files(app)["latest.csv"] != b"older"
    (one,) = subscriptions.list_subscriptions(app.ports)
    subscriptions.change_subscription(
        app.ports, one.id, replace(MONTHLY, file_name="latest", every="day", keeps=True), "maya"
    )
    (folder_of(app) / "latest.csv").write_text("older")
    advance(app, JULY_1 + timedelta(days=2))
    run(app)
    entry = file_deliveries.list_file_deliveries(app.ports)[0].id[:8]
    assert set(files(app)) == {"latest.csv", f"latest-20260703-070000-{entry}.csv"}
    assert files(app)["latest.csv"] == b"older"


def test_two_subscriptions_have_no_file_name_in_common(app: App) -> None:
    accounts.add_account(app.ports, "ana", "Ana", Role.ANALYST)
    one = subscriptions.add_subscription(app.ports, "maya", MONTHLY, "maya")
    with pytest.raises(Rejected, match="“Stores” of maya delivers files of the same name to bi"):
        subscriptions.add_subscription(
            app.ports, "ana", replace(MONTHLY, name="stores", file_name="{name}-{date}"), "ana"
        )
    other = subscriptions.add_subscription(app.ports, "ana", replace(MONTHLY, name="All stores"), "ana")
    subscriptions.add_subscription(app.ports, "ana", replace(MONTHLY, format="xlsx"), "ana")
    with pytest.raises(Rejected, match="“Stores” of maya"):
        subscriptions.change_subscription(app.ports, other.id, MONTHLY, "ana")
    subscriptions.change_subscription(app.ports, one.id, replace(MONTHLY, hour=8), "maya")


@pytest.mark.parametrize("keeps", [False, True])
def test_a_stop_after_the_file_was_written_makes_no_second_one(
    app: App, monkeypatch: pytest.MonkeyPatch, keeps: bool
) -> None:
    put = DeliveryFolder.put

    def killed(place: DeliveryFolder, *arguments: Any, **named: Any) -> None:
        put(place, *arguments, **named)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(DeliveryFolder, "put", killed)
        with pytest.raises(KeyboardInterrupt):
            deliver(app, replace(MONTHLY, keeps=keeps))
    assert [one.state for one in file_deliveries.list_file_deliveries(app.ports)] == [SENDING]
    advance(app, JULY_1 + timedelta(minutes=16))
    assert file_deliveries.has_due_files(app.ports)
    run(app)
    assert [one.state for one in file_deliveries.list_file_deliveries(app.ports)] == [SENT]
    assert set(files(app)) == {"stores-2026-06.csv"}


def test_a_place_that_does_not_answer_is_tried_again_and_a_failure_can_be_sent_again(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(DeliveryFolder, "put", _raise(Unavailable("The disk does not answer.")))
        assert deliver(app) == {"made": 1, "sent": 0}
        (entry,) = file_deliveries.list_file_deliveries(app.ports)
        assert (entry.state, entry.error) == (WAITING, "The disk does not answer.")
        advance(app, JULY_1 + timedelta(minutes=2))
        patched.setattr(DeliveryFolder, "put", _raise(Rejected("The folder cannot be written.")))
        assert run(app)["sent"] == 0
    (entry,) = file_deliveries.list_file_deliveries(app.ports)
    assert (entry.state, entry.error) == (FAILED, "The folder cannot be written.")
    assert run(app)["sent"] == 0
    file_deliveries.retry_file(app.ports, entry.id, by="maya")
    assert run(app)["sent"] == 1
    assert set(files(app)) == {"stores-2026-06.csv"}


def _raise(error: Exception) -> Any:
    def put(*_: Any, **_named: Any) -> None:
        raise error

    return put


def test_a_table_without_rows_is_skipped_if_its_reader_wants_that(app: App) -> None:
    table = replace(MONTHLY, address=f"{BY_STORE}&category=Home & Kitchen", skip_empty=True)
    far = datetime(2027, 7, 1, 7, tzinfo=UTC)
    assert deliver(app, table, at=far) == {"made": 0, "sent": 0}
    assert file_deliveries.list_file_deliveries(app.ports) == []
    assert list(app.ports.objects.list("staging", file_deliveries.FILES_FOLDER)) == []


def test_a_subscription_to_a_removed_destination_is_paused_with_the_reason(app: App) -> None:
    subscriptions.add_subscription(app.ports, "maya", MONTHLY, "maya")
    file_destinations.remove_destination(app.ports, "bi", "boss")
    with pytest.raises(NotFound):
        subscriptions.add_subscription(app.ports, "maya", MONTHLY, "maya")
    advance(app, JULY_1)
    source = subscription_files.SubscriptionSender(file_sources(app), "")
    assert list(subscription_files.make_due_files(source)) == []
    assert subscriptions.list_subscriptions(app.ports)[0].paused == "There is no destination bi."


def file_sources(app: App) -> Any:
    from tillstream.app import outgoing_deliveries

    return outgoing_deliveries.subscribed_tables_source(app)


def test_e_mail_that_is_not_set_up_keeps_no_file_from_its_destination(app: App) -> None:
    subscriptions.add_subscription(app.ports, "maya", replace(MONTHLY, destination="", to="maya@example.com"), "maya")
    assert deliver(app) == {"made": 1, "sent": 1}
    errors = sorted(one.error for one in subscriptions.list_subscriptions(app.ports))
    assert errors == ["", subscription_files.NO_MAIL]
    assert not subscriptions.has_due_subscriptions(app.ports)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"name": "BI Team"}, "The name of a destination"),
        ({"to": "/etc"}, "TILLSTREAM_DELIVERY_FOLDERS"),
        ({"to": "deliveries/x"}, "the whole path"),
        ({"to": "ftp://example.com/x"}, "Enter the path of a folder"),
        ({"to": "sftp://example.com/x"}, "needs a user"),
        ({"to": "sftp://u:secret@example.com/x", "user": "u", "password": "env:X"}, "no user name or password"),
        ({"to": "sftp://example.com/x", "user": "u", "password": "a-password"}, "entered by reference"),
        ({"to": "s3://bucket/x", "access_key": "env:KEY"}, "Set both"),
        ({"to": "s3://bucket/x", "endpoint": "https://8.8.8.8"}, "With an endpoint, set an access key"),
        ({"to": "gs://bucket/x", "user": "u"}, "has no user"),
        ({"to": "sftp://example.com:0/x", "user": "u", "password": "env:X"}, "port that is not valid"),
        ({"name": "bi"}, "There is a destination bi already"),
    ],
)
def test_what_cannot_be_a_destination_is_refused(app: App, wrong: dict[str, str], reason: str) -> None:
    fields = {"name": "other", "to": str(folder_of(app))} | wrong
    with pytest.raises(Rejected, match=reason):
        outgoing_deliveries.add_file_destination(app, FileDestinationDraft(**fields), "boss")


def test_a_public_store_is_reached_only_over_https(app: App) -> None:
    keys = {"access_key": "env:KEY", "secret_key": "env:SECRET"}
    outgoing_deliveries.add_file_destination(
        app, FileDestinationDraft("store", "s3://b/x", endpoint="http://8.8.8.8:9000", **keys), "boss"
    )
    with pytest.raises(Rejected, match="only over https"):
        outgoing_deliveries.test_file_destination(app, "store", "boss")


def test_keys_of_this_machine_are_for_no_other_store(app: App) -> None:
    stored = asdict(FileDestinationDraft("store", "s3://b/x", endpoint="https://8.8.8.8"))
    app.ports.documents.put(file_destinations.DESTINATIONS.name, "store", stored)
    with pytest.raises(Rejected, match="With an endpoint, set"):
        outgoing_deliveries.test_file_destination(app, "store", "boss")


def test_a_test_writes_a_small_file(app: App) -> None:
    assert (
        outgoing_deliveries.test_file_destination(app, "bi", "boss")
        == f"The file tillstream-test.txt was written to {folder_of(app)}."
    )
    assert set(files(app)) == {"tillstream-test.txt"}
