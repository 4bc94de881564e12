"""The job of reports writes exports whatever becomes of messages, and sends messages between exports."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import shop_of_two_stores

from tillstream.app import App, file_destinations
from tillstream.background_exports import registry as exports
from tillstream.background_exports.export import DONE, BackgroundExport
from tillstream.commands.arguments import NoArguments
from tillstream.commands.numbers import report
from tillstream.commands.result import quiet
from tillstream.file_destinations import deliveries
from tillstream.file_destinations.deliveries import NewDelivery
from tillstream.file_destinations.destination import DestinationDraft
from tillstream.model.people import Role
from tillstream.people import accounts
from tillstream.ports import Ports
from tillstream.scheduled_exports import making, registry
from tillstream.scheduled_exports.subscription import Draft

BY_STORE = "/explore?by=store"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = shop_of_two_stores.app(tmp_path)
    accounts.add_account(opened.ports, "ana", "Ana", Role.ANALYST)
    folder = opened.settings.home.absolute() / "deliveries" / "bi"
    file_destinations.add(opened, DestinationDraft("bi", str(folder)), "boss")
    yield opened
    opened.close()


def _export(app: App) -> str:
    return exports.add(app.ports, accounts.get_user(app.ports, "ana"), "Stores", BY_STORE, "csv").id


def test_a_subscription_that_cannot_be_made_keeps_back_no_export(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = Draft("Stores", BY_STORE, "csv", "", "day", destination="bi", file_name="{name}")
    one = registry.add(app.ports, "ana", draft, "ana")
    registry.send_now(app.ports, one.id, "ana")
    export_id = _export(app)

    def broken(sender: making.Sender, one: object, version: int) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(making, "_make", broken)
    with pytest.raises(ExceptionGroup, match="cannot be made"):
        report.send(app, quiet, NoArguments())
    assert exports.get(app.ports, export_id).state == DONE


def test_what_waits_is_sent_between_exports(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    both, finish, waiting = [_export(app), _export(app)], exports.finish, list[bool]()

    def notes(ports: Ports, claimed: BackgroundExport, result: BackgroundExport) -> bool:
        waiting.append(deliveries.has_due(ports))
        new = NewDelivery(claimed.id, "bi", f"{claimed.id}.csv", "ana", "Stores", keeps=False, stamp="1")
        deliveries.add(ports, new, [b"content"])
        return finish(ports, claimed, result)

    monkeypatch.setattr(exports, "finish", notes)
    assert report.send(app, quiet, NoArguments()).data == {"made": 0, "sent": 2}
    assert waiting == [False, False]
    assert [exports.get(app.ports, one).state for one in both] == [DONE, DONE]
