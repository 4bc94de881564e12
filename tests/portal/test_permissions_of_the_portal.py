"""The portal's account may do what the portal is seen to do, and has no role that nothing needs."""

from dataclasses import replace
from typing import Any

import pytest
from call_recorder import Calls, names_of, recorded_access, required_permissions
from call_recorder import record_calls as watch
from connectors import listed_kind
from connectors.connector_acts import FIELDS, NEW
from faults.functions_in_process import FunctionsInProcess
from flask import Flask
from large_settlements import with_jobs
from routes import addresses, routes_of
from shop_steps import FILE, Shop
from test_audit_of_pages import ACTS

from infra.access import permissions
from infra.access.accounts import PORTAL_GRANTS
from infra.access.entry_points import CALLS, NOT_RECORDED, OF_MIRRORS, PORTAL
from portal.connectors import editing
from portal.wsgi import create_worker_portal
from tillstream.app import App, mail_job
from tillstream.connectors import due_runs
from tillstream.forecasting import run_records
from tillstream.model.events import INBOX, TOPIC_SALE_EVENTS
from tillstream.model.messages import store_sale_schema
from tillstream.model.tables.warehouse_tables import TABLES
from tillstream.people import signatures, store_credentials
from tillstream.records import mail
from tillstream.records.mail import Mail
from tillstream.sync import homes
from tillstream.sync.home_identity import HomeIdentity, home_id
from tillstream.sync.http import call_messages, call_signatures
from tillstream.sync.http.remote_office import SYNC_PATH

LEDGER = (
    *("settlements", "batches", "batch_days", "settlement_days", "sightings", "sale_versions", "statements"),
    *("refusals", "listed_changes"),
)
"""The tables whose rows are only added by settlements."""
LEFT_OUT = (
    *("sign_in.", "profile.", "admin."),
    *("catalogue.apply", "stock.confirm", "stock.discard_count", "uploads.discard_sales"),
)
"""What these do concerns documents of accounts only and ends sessions, or needs a shop where nothing else was done."""


@pytest.fixture
def calls() -> Calls:
    return set()


@pytest.fixture
def portal(app: App, calls: Calls, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """As in a cloud, one of several; what functions do, the worker does, and is not watched."""
    listed_kind.register(monkeypatch)
    monkeypatch.setattr(editing, "source_access", lambda app: recorded_access(app, calls))
    of_functions = replace(app, ports=replace(app.ports, functions=FunctionsInProcess(app)))
    flask = create_worker_portal(watch(of_functions, calls))
    flask.testing = True
    return flask


@pytest.mark.long
def test_the_portal_has_the_permissions_that_it_uses_and_needs_all_its_roles(shop: Shop, calls: Calls) -> None:
    for endpoint, (_, act) in ACTS.items():
        if not endpoint.startswith(LEFT_OUT):
            act(shop)
    shop.dead_letter()
    _sell(shop)
    batch = shop.upload()
    for rule in routes_of(shop.flask):
        for address in addresses(rule, batch_id=batch):
            shop.boss.client.get(address).close()
    _sweep(shop)
    _answer_home(shop)
    leaving = watch(with_jobs(shop.app, rows=0)[0], calls)
    run_records.request_forecast(leaving.ports)
    mail.add_mail(shop.app.ports, Mail("due", "boss@example.com", "Sales", "text"), "a@example.com")
    _connect(shop, leaving)
    assert mail_job.start_mail_job(leaving.ports, sends_mail=True)
    shop.boss.post("/sql", {"sql": "SELECT 1 AS one"})
    assert {call for call in names_of(calls) if not call.startswith("warehouse.replace_table:")} <= CALLS[PORTAL]
    not_recorded = {call for entry, call in NOT_RECORDED if entry == PORTAL}
    assert CALLS[PORTAL] - names_of(calls) <= OF_MIRRORS | not_recorded
    assert required_permissions(calls) - set(permissions.granted_permissions(PORTAL_GRANTS)) == set()


def test_the_portal_can_neither_write_the_ledger_nor_delete_originals() -> None:
    granted = set(permissions.granted_permissions(PORTAL_GRANTS))
    assert ("bigquery.tables.getData", "") in granted
    assert ("storage.objects.get", INBOX) in granted
    assert not {("bigquery.tables.updateData", name) for name in ("", *LEDGER)} & granted
    assert ("storage.objects.delete", INBOX) not in granted
    assert {grant.name for grant in PORTAL_GRANTS if grant.on == "table"} <= TABLES.keys() - set(LEDGER)


def _sell(shop: Shop) -> None:
    sale: dict[str, Any] = store_sale_schema()["examples"][0]
    key = store_credentials.issue_store_token(shop.app.ports, sale["region"], sale["store_id"], "front", "boss")[1]
    answer = shop.anonymous().client.post("/api/sales", json=sale, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 202, answer.text


def _answer_home(shop: Shop) -> None:
    """A home compares, and the function answers it."""
    private, public = signatures.new_key_pair()
    homes.add_home(shop.app.ports, "paris-1", public, "boss")
    own, path, body = (
        HomeIdentity(home_id(public), public, private),
        f"{SYNC_PATH}compare",
        call_messages.pack_content({"digests": {}}),
    )
    headers = call_signatures.signature_headers(own, "POST", path, body, 1, shop.app.ports.clock.now())
    answer = shop.anonymous().client.post(path, data=body, headers=headers)
    assert answer.status_code == 200, answer.text


def _connect(shop: Shop, leaving: App) -> None:
    """Test a source with a credential, and request a run of it."""
    connector = FIELDS | {"name": "tills", "setting-password": "env:TILLSTREAM_SOURCE_LIST"}
    assert shop.boss.post(f"{NEW}/test", connector).status_code == 200
    assert shop.boss.post(NEW, connector).status_code == 303
    due_runs.request_run(leaving.ports, "tills", "boss")


def _sweep(shop: Shop) -> None:
    """Pressed where what was settled has not been announced, and nobody came to do it."""
    shop.app.ports.bus.subscribe(TOPIC_SALE_EVENTS, "somebody")
    shop.boss.post(f"/uploads/{shop.upload(FILE, 'again.csv')}/undo")
    shop.app.ports.clock.sleep(3600)
    assert shop.boss.post("/pipeline/sweep").status_code == 303
    assert shop.boss.post("/quality").status_code == 303
