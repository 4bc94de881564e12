"""Alerts of connectors that fail or are late: one a connector, which ends when its source is read again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alert_shop import alerts, enable, evaluated, open_shop, titles
from connectors import listed_kind

from tillstream.alerts import records, rules
from tillstream.app import App
from tillstream.app.source_access import source_access
from tillstream.connectors import due_runs
from tillstream.connectors import records as connectors
from tillstream.connectors.state import ConnectorDraft
from tillstream.model.people import scope_of
from tillstream.model.permissions import Role

HOUR = 60


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A list without items that a connector reads."""
    listed_kind.register(monkeypatch)
    listed_kind.write(tmp_path / "list.json", [])
    return tmp_path / "list.json"


@pytest.fixture
def app(tmp_path: Path, listed: Path) -> Iterator[App]:
    opened = open_shop(tmp_path)
    enable(opened, "connector-late")
    add(opened, listed, "erp", "UK")
    yield opened
    opened.close()


def add(app: App, listed: Path, name: str, contract: str = "") -> None:
    draft = ConnectorDraft(name, listed_kind.NAME, {"list": str(listed)}, contract)
    connectors.add_connector(app.ports, app.contracts, source_access(app), draft, "boss")


def run_due(app: App) -> None:
    due_runs.run_due_connectors(app.ports, app.contracts, source_access(app))


def test_the_rule_is_enabled_from_the_start() -> None:
    assert rules.default_rules()["connector-late"].is_enabled


def test_a_connector_that_fails_for_an_hour_raises_an_alert_that_ends_with_a_good_run(app: App, listed: Path) -> None:
    listed.unlink()
    run_due(app)
    evaluated(app, HOUR - 1)
    assert titles(app) == []
    run_due(app)
    evaluated(app, 1)
    (alert,) = alerts(app)
    assert (alert.title, alert.text) == ("Connector erp fails", f"There is no list {listed}.")
    assert alert.members[0].path == "/connectors/erp"
    evaluated(app, HOUR)
    assert len(alerts(app)) == 1
    listed_kind.write(listed, [])
    run_due(app)
    evaluated(app)
    assert titles(app) == []


def test_a_connector_that_is_not_run_is_late(app: App) -> None:
    run_due(app)
    evaluated(app, 2 * 15 + 15 + HOUR - 1)
    assert titles(app) == []
    evaluated(app, 1)
    assert titles(app) == ["Connector erp is late"]
    connectors.pause_connector(app.ports, "erp", "boss", is_paused=True)
    evaluated(app)
    assert titles(app) == [], "a paused connector is not late"


def test_each_connector_has_its_alert_which_users_of_its_region_see(app: App, listed: Path) -> None:
    add(app, listed, "files")
    listed.unlink()
    run_due(app)
    evaluated(app, HOUR)
    assert titles(app) == ["Connector erp fails", "Connector files fails"]
    assert [one.title for one in records.active_alerts(app.ports, scope_of(Role.MANAGER, ("UK",)))] == [
        "Connector erp fails"
    ]
    assert records.active_alerts(app.ports, scope_of(Role.MANAGER, ("IN",))) == []
    assert records.active_alerts(app.ports, scope_of(Role.CLERK, ("UK",))) == []
