"""The job of reports writes exports whatever becomes of messages, and sends messages between exports."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import shop_of_two_stores

from tillstream.app import App, outgoing_deliveries
from tillstream.commands import report
from tillstream.delivery import background_exports as exports
from tillstream.delivery import file_deliveries, subscription_files, subscriptions
from tillstream.delivery.background_exports import DONE, BackgroundExport
from tillstream.delivery.file_deliveries import NewFileDelivery
from tillstream.delivery.file_destinations import FileDestinationDraft
from tillstream.delivery.subscriptions import SubscriptionDraft
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.ports import Ports

BY_STORE = "/explore?by=store"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = shop_of_two_stores.app(tmp_path)
    accounts.add_account(opened.ports, "ana", "Ana", Role.ANALYST)
    folder = opened.settings.home.absolute() / "deliveries" / "bi"
    outgoing_deliveries.add_file_destination(opened, FileDestinationDraft("bi", str(folder)), "boss")
    yield opened
    opened.close()


def _export(app: App) -> str:
    return exports.request_export(app.ports, accounts.get_user(app.ports, "ana"), "Stores", BY_STORE, "csv").id


def test_a_subscription_that_cannot_be_made_keeps_back_no_export(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = SubscriptionDraft("Stores", BY_STORE, "csv", "", "day", destination="bi", file_name="{name}")
    one = subscriptions.add_subscription(app.ports, "ana", draft, "ana")
    subscriptions.send_subscription_now(app.ports, one.id, "ana")
    export_id = _export(app)

    def broken(sender: subscription_files.SubscriptionSender, one: object, version: int) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(subscription_files, "_make_file", broken)
    with pytest.raises(ExceptionGroup, match="cannot be made"):
        report.send_due_reports(app)
    assert exports.get_export(app.ports, export_id).state == DONE


def test_what_waits_is_sent_between_exports(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    both, finish, waiting = [_export(app), _export(app)], exports.finish_export, list[bool]()

    def notes(ports: Ports, claimed: BackgroundExport, result: BackgroundExport) -> bool:
        waiting.append(file_deliveries.has_due_files(ports))
        new = NewFileDelivery(claimed.id, "bi", f"{claimed.id}.csv", "ana", "Stores", keeps=False, stamp="1")
        file_deliveries.add_file(ports, new, [b"content"])
        return finish(ports, claimed, result)

    monkeypatch.setattr(exports, "finish_export", notes)
    assert report.send_due_reports(app).data == {"made": 0, "sent": 2}
    assert waiting == [False, False]
    assert [exports.get_export(app.ports, one).state for one in both] == [DONE, DONE]
