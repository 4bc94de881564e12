"""Alerts of connectors that fail or are late: one a connector, which ends when its source is read again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alert_shop import alerts, enable, evaluated, open_shop, titles
from unit.connectors.shelf import Shelf, put_up

from tillstream.alerts import records, rules
from tillstream.app import App
from tillstream.connectors import records as connectors
from tillstream.connectors import run
from tillstream.connectors.access import SourceAccess
from tillstream.connectors.connector import ConnectorDraft
from tillstream.domain.alerts.kind import KindName
from tillstream.domain.people import Role, scope_of

HOUR = 60
WRONG_KEY = "The key does not fit. Enter another one."


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    return put_up(monkeypatch)


@pytest.fixture
def app(tmp_path: Path, shelf: Shelf) -> Iterator[App]:
    opened = open_shop(tmp_path)
    enable(opened, KindName.CONNECTOR_LATE)
    add(opened, "erp", "UK")
    yield opened
    opened.close()


def add(app: App, name: str, contract: str = "") -> None:
    draft = ConnectorDraft(name, "shelf", {"row": "1"}, contract)
    connectors.add(app.ports, app.contracts, _access(app), draft, "boss")


def run_due(app: App) -> None:
    run.run_due(app.ports, app.contracts, _access(app))


def _access(app: App) -> SourceAccess:
    return SourceAccess(app.ports.clock, {})


def test_the_rule_is_enabled_from_the_start() -> None:
    assert rules.DEFAULTS[KindName.CONNECTOR_LATE.value].is_enabled


def test_a_connector_that_fails_for_an_hour_raises_an_alert_that_ends_with_a_good_run(app: App, shelf: Shelf) -> None:
    shelf.error = WRONG_KEY
    run_due(app)
    evaluated(app, HOUR - 1)
    assert titles(app) == []
    run_due(app)
    evaluated(app, 1)
    (alert,) = alerts(app)
    assert (alert.title, alert.text, alert.members[0].path) == ("Connector erp fails", WRONG_KEY, "/connectors/erp")
    evaluated(app, HOUR)
    assert len(alerts(app)) == 1
    shelf.error = ""
    run_due(app)
    evaluated(app)
    assert titles(app) == []


def test_a_connector_that_is_not_run_is_late(app: App) -> None:
    run_due(app)
    evaluated(app, 2 * 15 + 15 + HOUR - 1)
    assert titles(app) == []
    evaluated(app, 1)
    assert titles(app) == ["Connector erp is late"]
    connectors.pause(app.ports, "erp", "boss", is_paused=True)
    evaluated(app)
    assert titles(app) == [], "a paused connector is not late"


def test_each_connector_has_its_alert_which_users_of_its_region_see(app: App, shelf: Shelf) -> None:
    add(app, "files")
    shelf.error = WRONG_KEY
    run_due(app)
    evaluated(app, HOUR)
    assert titles(app) == ["Connector erp fails", "Connector files fails"]
    assert [one.title for one in records.active(app.ports, scope_of(Role.MANAGER, ("UK",)))] == ["Connector erp fails"]
    assert records.active(app.ports, scope_of(Role.MANAGER, ("IN",))) == []
    assert records.active(app.ports, scope_of(Role.CLERK, ("UK",))) == []
