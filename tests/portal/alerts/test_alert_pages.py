"""Pages of alerts: the list within the scope of the reader, what people do with an alert, the rules, and the bell."""

import re
from dataclasses import replace
from datetime import time
from decimal import Decimal

import pytest
from shop_steps import ALERT_RULE as RULE
from shop_steps import Shop, alert
from visitor import People, indian_file, indian_sale

from portal.live import streams, streams_of
from portal.live.broadcaster import SharedNumber
from tillstream.alerts import rules
from tillstream.alerts.condition import AlertSources
from tillstream.alerts.evaluation import evaluate_rules
from tillstream.alerts.kinds import KINDS
from tillstream.alerts.rules import QuietHours
from tillstream.app import App
from tillstream.model.permissions import Role


def large_sales(shop: Shop) -> None:
    """Alerts about a sale in each of two stores."""
    rows = (indian_sale("1"), indian_sale("2").replace("MUM01,S1", "DEL01,S1"))
    shop.upload(indian_file(*rows), "stores.csv")
    stored = rules.get_rule(shop.app.ports, "large-sale")
    limits = {"amount": Decimal(1), "days": Decimal(31)}
    rules.save_rule(
        shop.app.ports, replace(stored.rule, is_enabled=True, parameters=limits), by="boss", version=stored.version
    )
    assert not evaluate_rules(AlertSources(shop.app.ports, shop.app.contracts, "USD")).failed


def test_each_kind_has_advice_and_the_page_of_an_alert_shows_it(shop: Shop) -> None:
    assert all(kind.advice for kind in KINDS.values())
    large_sales(shop)
    one = shop.boss.get("/api/v1/alerts").json["alerts"][0]
    assert KINDS["large-sale"].advice in shop.boss.get(f"/alerts/{one['id']}").text


def bell(page: str) -> str:
    match = re.search(r'<details class="bell".*?</details>', page, re.DOTALL)
    assert match
    return match[0]


def test_the_list_the_bell_and_the_api_have_the_alerts_of_the_scope(shop: Shop, person: People) -> None:
    large_sales(shop)
    manager = person(Role.MANAGER, "IN", stores=("DEL01",), login="meera")
    clerk = person(Role.CLERK, "UK", login="kim")
    for page in ("/alerts", "/dashboard", "/api/v1/alerts"):
        text = shop.boss.get(page).text
        assert ("store MUM01 in IN" in text, "store DEL01 in IN" in text) == (True, True), page
        text = manager.get(page).text
        assert ("store MUM01 in IN" in text, "store DEL01 in IN" in text) == (False, True), page
        assert "in IN" not in clerk.get(page).text, page
    assert "No open alerts" in bell(clerk.get("/dashboard").text)
    assert re.search(r'class="waits"><data value="1">', bell(manager.get("/dashboard").text))
    (one,) = manager.get("/api/alerts").json["alerts"]
    assert clerk.get(f"/alerts/{one['id']}").status_code == 404
    assert manager.get(f"/alerts/{one['id']}").status_code == 200


def test_salespeople_have_neither_the_bell_nor_alerts(shop: Shop, person: People) -> None:
    id_ = alert(shop)
    seller = person(Role.SALESPERSON, "IN", stores=("MUM01",), salesperson="S1", login="sam")
    text = seller.get("/sale-lines").text
    assert "/alerts" not in text
    for page in ("/alerts", f"/alerts/{id_}", "/alerts/bell", "/api/v1/alerts"):
        assert seller.get(page).status_code == 403, page


def test_an_alert_is_acknowledged_with_the_name_and_snoozed(shop: Shop, person: People) -> None:
    id_ = alert(shop)
    assert shop.boss.post(f"/alerts/{id_}/acknowledge").status_code == 303
    page = shop.boss.get(f"/alerts/{id_}").text
    assert "by boss" in page
    assert "Opened" in page
    assert "waits" not in bell(page)
    assert shop.boss.post(f"/alerts/{id_}/snooze", {"hours": "4"}).status_code == 303
    assert "Snoozed" in shop.boss.get(f"/alerts/{id_}").text
    assert shop.boss.post(f"/alerts/{id_}/snooze", {"hours": "5"}).status_code == 422
    assert "Snoozed" in shop.boss.get("/alerts").text
    assert "No alerts" in shop.boss.get("/alerts?state=ended").text
    analyst = person(Role.ANALYST, login="ann")
    assert analyst.post(f"/alerts/{id_}/acknowledge").status_code == 403


def test_a_rule_is_added_previewed_changed_and_removed(shop: Shop, app: App) -> None:
    large_sales(shop)
    form = RULE | {"kind": "large-sale", "parameter-days": "31", "parameter-amount": "1", "do": "preview"}
    page = shop.boss.post("/alerts/rules/new", form).text
    assert "This rule would have raised" in page
    assert "store MUM01 in IN" in page
    count = len(rules.find_rules(app.ports))
    quiet = {"quiet_start": "22:00", "quiet_end": "07:00", "zone": "Asia/Kolkata"}
    whole = form | quiet | {"do": "save", "limit-regions": "IN, UK", "escalate_after": "30", "digest": "yes"}
    assert shop.boss.post("/alerts/rules/new", whole).status_code == 303
    (added,) = (one for one in rules.find_rules(app.ports) if one.rule.name == "Large sales")
    assert len(rules.find_rules(app.ports)) == count + 1
    assert (added.rule.limits, added.rule.delivery.digest) == ({"regions": ("IN", "UK")}, True)
    assert added.rule.delivery.quiet == QuietHours(time(22), time(7), "Asia/Kolkata")
    path = f"/alerts/rules/{added.rule.id}"
    assert 'value="IN, UK"' in shop.boss.get(path).text
    assert shop.boss.post(path, whole | {"name": "Huge", "version": str(added.version)}).status_code == 303
    answer = shop.boss.post(path, whole | {"name": "Old", "version": str(added.version)})
    assert (answer.status_code, "changed meanwhile" in answer.text) == (422, True)
    assert shop.boss.post(f"{path}/remove").status_code == 303
    assert shop.boss.get(path).status_code == 404


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": ""}, "Name the rule"),
        ({"parameter-amount": "many"}, "“many”; it must be a whole number from 1"),
        ({"opens_after": "-1"}, "is not a whole number"),
        ({"opens_after": "99999"}, "Enter minutes from 0 to"),
        ({"quiet_start": "22:00", "quiet_end": "07:00", "zone": "Mars"}, "is not a time zone"),
        ({"severity": "mild"}, "There is no severity"),
        ({"limit-regions": "IM"}, "There is no region “IM”"),
    ],
)
def test_a_mistake_in_a_rule_is_shown_and_nothing_is_saved(
    shop: Shop, app: App, form: dict[str, str], words: str
) -> None:
    answer = shop.boss.post("/alerts/rules/large-sale", RULE | {"limit-stores": "LON1"} | form)
    assert (answer.status_code, words in answer.text) == (422, True)
    assert 'value="LON1"' in answer.text, "what was entered is kept"
    assert rules.get_rule(app.ports, "large-sale").version == 0


def test_a_rule_of_a_store_without_sales_is_saved_with_a_note(shop: Shop) -> None:
    large_sales(shop)
    path = "/alerts/rules/large-sale"
    version = str(rules.get_rule(shop.app.ports, "large-sale").version)
    form = RULE | {"parameter-amount": "1", "parameter-days": "31", "version": version, "do": "save"}
    page = shop.boss.post(path, form | {"limit-stores": "MUM01, MUM1"}, follow_redirects=True).text
    assert "There is no store “MUM1”" in page
    assert "No sale has it yet. Check the spelling." in page
    assert "The rule is saved." in page
    version = str(rules.get_rule(shop.app.ports, "large-sale").version)
    page = shop.boss.post(path, form | {"limit-stores": "MUM01", "version": version}, follow_redirects=True).text
    assert "There is no store" not in page


def test_only_admins_see_rules(shop: Shop, person: People) -> None:
    manager = person(Role.MANAGER, "IN", login="meera")
    assert manager.get("/alerts").status_code == 200
    assert "/alerts/rules" not in manager.get("/alerts").text
    assert manager.get("/alerts/rules").status_code == 403
    assert "Rows to fix" in shop.boss.get("/alerts/rules").text


def test_the_api_refuses_what_it_does_not_have(shop: Shop) -> None:
    assert shop.boss.get("/api/alerts?state=odd").status_code == 422
    assert shop.boss.get("/api/alerts?colour=red").status_code == 422
    assert shop.boss.get("/api/alerts?state=all").json["alerts"] == []


def test_an_open_page_is_notified_when_an_alert_changes(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of the last settlement is 0, so each part of the stream is that of an interval without one."""
    monkeypatch.setattr(streams, "HEARTBEAT", 0.01)
    streams_of(shop.flask).alerts = SharedNumber(0)
    events = iter(shop.boss.client.get("/events?alerts=0", environ_overrides={"wsgi.multithread": True}).iter_encoded())
    assert next(events).startswith(b"retry")
    assert next(events) == b": \n\n"
    id_ = alert(shop)
    assert b"event: alerts\ndata: 1\n\n" in next(events)
    shop.boss.post(f"/alerts/{id_}/acknowledge")
    assert b"event: alerts\ndata: 2\n\n" in next(events)
    assert next(events) == b": \n\n"
    assert "No open alerts" in shop.boss.get("/alerts/bell").text
