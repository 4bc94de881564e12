"""Whether the portal can work, how it is, and figures for a monitor."""

from dataclasses import replace
from pathlib import Path

import pytest
from app_factory import build
from flask import Flask
from portal_factory import create_app, readiness
from visitor import PASSWORD, People, Visitor, Work, indian_file, indian_sale

from portal.operations import health
from portal.operations.prometheus import CONNECTIONS
from tillstream.alerts import records as alerts
from tillstream.alerts.condition import AlertSources
from tillstream.alerts.evaluation import evaluate_rules
from tillstream.app import App
from tillstream.connectors import state
from tillstream.model.errors import Unavailable
from tillstream.model.people import UNRESTRICTED
from tillstream.model.permissions import Role
from tillstream.operations import maintenance_status, reconcile
from tillstream.people import accounts, personal_tokens
from tillstream.records import losses
from tillstream.records.losses import Loss, LossKind, LossRecord
from tillstream.server.http_server import CloseReason, Connections
from tillstream.settings import Settings


def test_readiness_names_failed_services(anonymous: Visitor, person: People, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = person(Role.ADMIN)
    answer = anonymous.get("/healthz/ready")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "ok")
    assert set(answer.get_json()["parts"]) == {"documents", "warehouse", "queues", "files"}

    def broken(_: object) -> None:
        raise Unavailable("the disk is gone")

    monkeypatch.setitem(health.PARTS, "warehouse", broken)
    assert anonymous.get("/healthz/ready").status_code == 200  # of the last minute
    assert admin.get("/healthz/ready").status_code == 503
    answer = anonymous.get("/healthz/ready")
    assert (answer.status_code, answer.get_json()["parts"]["warehouse"]) == (503, "down")
    assert "disk" not in answer.text
    assert anonymous.get("/healthz").status_code == 200


def test_a_token_sees_the_present_and_others_start_no_check(
    app: App, anonymous: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks: list[str] = []
    monkeypatch.setattr(health, "PARTS", {"documents": lambda _: checks.append("documents")})
    accounts.add_account(app.ports, "smoke", "Smoke test", Role.CLERK, regions=["IN"], password=PASSWORD)
    check = app.contracts.check_regions
    _, token = personal_tokens.issue_personal_token(
        app.ports, "smoke", "smoke", ["numbers"], days=1, check_regions=check, by="boss"
    )
    for sent, count in (
        ({}, 1),
        ({}, 1),
        ({"Authorization": f"Bearer {token}"}, 2),
        ({"Authorization": "Bearer no"}, 2),
    ):
        assert anonymous.client.get("/healthz/ready", headers=sent).status_code == 200
        assert len(checks) == count


def test_one_address_has_a_rate_limit(anonymous: Visitor) -> None:
    statuses = [anonymous.get("/healthz/ready").status_code for _ in range(61)]
    assert statuses == [*[200] * 60, 429]


def test_an_admin_sees_how_the_portal_is(app: App, person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    admin.upload(indian_file(indian_sale("1")))
    work()
    reconcile.run_sweep(app.ports, app.contracts)
    page = admin.get("/status").text
    for text in (
        "Everything is working",
        "warehouse.duckdb",
        str(app.settings.home),
        "Last sweep",
        "Batches announced",
    ):
        assert text in page
    assert maintenance_status.last_run(app.ports, maintenance_status.SWEEP_TASK)
    assert person(Role.MANAGER, "IN").get("/status").status_code == 403


def test_in_a_project_its_places_are_named_and_no_folder(app: App, work: Work) -> None:
    accounts.add_account(app.ports, "ana", "Ana", Role.ADMIN, password=PASSWORD)
    settings = app.settings.model_copy(update={"project": "demo", "home": Path("nowhere")})
    visitor = Visitor(create_app(replace(app, settings=settings)).test_client())
    visitor.sign_in("ana")
    page = visitor.get("/status").text
    for text in ("demo, europe-west1", "dataset tillstream", "bucket demo-tillstream-dev-inbox"):
        assert text in page
    assert "Last backup" in page
    assert "nowhere" not in page


def test_figures_for_a_monitor_are_off_unless_set(anonymous: Visitor) -> None:
    assert anonymous.get("/metrics").status_code in {303, 404}


def test_figures_for_a_monitor(tmp_path: Path) -> None:
    app = build(Settings(home=tmp_path / "measured", samples=False, threads=1, metrics=True))
    try:
        flask: Flask = create_app(app)
        client = flask.test_client()
        state.begin_run(app.ports, "shop", "shop:1")
        now = app.ports.clock.now()
        read = {"next_at": now, "is_complete": True, "stalled": 0, "error": "", "behind": 0, "notes": ()}
        state.end_run(app.ports, "shop", "shop:1", **read)
        client.get("/healthz")
        connections = Connections()
        connections.closed[CloseReason.ROOM] += 2
        flask.extensions[CONNECTIONS] = connections
        answer = client.get("/metrics")
        assert answer.mimetype == "text/plain"
        assert 'tillstream_requests_total{endpoint="api.healthz",method="GET",status="200"} 1.0' in answer.text
        assert 'tillstream_request_seconds_count{endpoint="api.healthz",method="GET"} 1.0' in answer.text
        assert 'tillstream_batches{state="held"} 0.0' in answer.text
        assert 'tillstream_connector_lag_seconds{connector="shop"} ' in answer.text
        assert "tillstream_live_streams 0.0" in answer.text
        assert "tillstream_connections 0.0" in answer.text
        assert 'tillstream_connections_closed_total{reason="room-for-others"} 2.0' in answer.text
    finally:
        app.close()


def test_the_status_page_has_internals_behind_technical_details(person: People) -> None:
    everyday, internals = person(Role.ADMIN).get("/status").text.split("Technical details")
    assert "Last backup" in everyday
    assert "warehouse.duckdb" not in everyday
    assert "warehouse.duckdb" in internals


def lose(app: App) -> LossRecord:
    loss = Loss(
        LossKind.STORE_SALES, "UK/S1", "3 sales of S1 are missing.", "Send them again.", "", ("UK",), ("UK/S1",)
    )
    (record,) = losses.report_losses(app.ports, loss)
    return record


def test_a_loss_is_in_the_headline_in_readiness_and_in_an_alert_until_it_is_dealt_with(
    app: App, person: People, anonymous: Visitor
) -> None:
    admin = person(Role.ADMIN)
    record = lose(app)
    page = admin.get("/status").text
    assert "Lost or damaged: 3 sales of S1 are missing." in page
    assert "Everything is working" not in page
    assert "It is restored" not in page, "nothing checks that"
    answer = anonymous.get("/healthz/ready")
    assert (answer.status_code, answer.get_json()["status"], answer.get_json()["losses"]) == (200, "attention", 1)
    assert "S1" not in answer.text
    evaluate_rules(AlertSources(app.ports, app.contracts, "USD"))
    (alert,) = alerts.active_alerts(app.ports, UNRESTRICTED)
    assert (alert.rule_id, alert.region) == ("data-lost", "UK")

    path = f"/status/losses/{record.id}"
    assert "Give a reason" in admin.post(path, {"decision": "accepted"}, follow_redirects=True).text
    assert "Choose how" in admin.post(path, {"decision": "forgotten"}, follow_redirects=True).text
    page = admin.post(path, {"decision": "accepted", "reason": "A test till."}, follow_redirects=True).text
    assert "Everything is working" in page
    assert "A test till." in page
    assert readiness(anonymous.client.application).get_json()["status"] == "ok"
    app.ports.clock.advance(600)  # type: ignore[attr-defined]
    evaluate_rules(AlertSources(app.ports, app.contracts, "USD"))
    assert alerts.active_alerts(app.ports, UNRESTRICTED) == []
    assert "Lost or damaged: 3" in admin.post(path, {"decision": "open"}, follow_redirects=True).text


def test_a_loss_that_is_not_there_is_not_found_and_a_manager_decides_about_none(app: App, person: People) -> None:
    record = lose(app)
    assert person(Role.ADMIN).post("/status/losses/original-unknown", {"decision": "open"}).status_code == 404
    answer = person(Role.MANAGER, "UK").post(f"/status/losses/{record.id}", {"decision": "accepted", "reason": "x"})
    assert answer.status_code == 403
