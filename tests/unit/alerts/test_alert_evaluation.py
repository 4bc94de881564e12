"""Evaluations of real rules: alerts of files, rows and messages open, notify once, and end by themselves."""

from collections.abc import Iterator
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from alert_shop import LAST, add_file, alerts, enable, evaluated, line, open_shop, sources, titles
from alert_values import NOON

from tillstream.alerts import evaluation, records, rules
from tillstream.alerts.alert import AlertState
from tillstream.alerts.preview import NOT_STORED, replay_rule
from tillstream.app import App
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.contracts import source_settings
from tillstream.model.audit import AuditEntry
from tillstream.model.contract_schedule import Expectation
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.people import UNRESTRICTED, scope_of
from tillstream.model.permissions import Role
from tillstream.operations import message_queues
from tillstream.ports.bus import DeadLetter, Message
from tillstream.ports.documents import Put
from tillstream.records import audit_log

BAD = [line(f"B{number}", units="many") for number in range(25)]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = open_shop(tmp_path)
    yield opened
    opened.close()


def notices(app: App) -> list[dict[str, Any]]:
    documents = app.ports.documents.find(records.NOTICES_COLLECTION)
    return sorted((one.data for one in documents), key=lambda one: (one["created_at"], one["kind"]))


def entries(app: App) -> list[AuditEntry]:
    return list(audit_log.find_entries(app.ports, audit_log.AuditFilter()))


def letter(number: int) -> DeadLetter:
    return DeadLetter(f"{number}", "batches", "batch-events", Message(b"{}", {"type": "x"}), NOON, NOON, 9, "too late")


def quarantine(app: App, folder: Path) -> str:
    return add_file(app, folder, "UK-more.csv", [*BAD, *[line(f"G{number}") for number in range(600)]])


def test_rows_in_quarantine_raise_one_alert_that_ends_when_they_are_gone(app: App, tmp_path: Path) -> None:
    enable(app, "rows-in-quarantine")
    assert evaluated(app).changed == 0
    batch = quarantine(app, tmp_path)
    assert evaluated(app).changed == 1
    assert titles(app) == ["Region UK has 25 rows to fix"]
    for _ in range(3):
        assert evaluated(app, 1).changed == 0, "nothing has happened"
    COMMANDS["undo"](app, quiet, batch=batch)
    evaluated(app, 1)
    assert titles(app) == []
    assert [(one["kind"], one["channels"], one["state"]) for one in notices(app)] == [
        ("opened", ["mail"], "waiting"),
        ("ended", ["mail"], "waiting"),
    ]
    (ended,) = records.latest_alerts(app.ports, UNRESTRICTED)
    assert ended.state is AlertState.ENDED


def test_a_held_file_raises_an_alert_after_an_hour(app: App, tmp_path: Path) -> None:
    enable(app, "files-held")
    batch = add_file(app, tmp_path, "UK-bad.csv", BAD, confirm=False)
    evaluated(app)
    assert titles(app) == []
    evaluated(app, 60)
    (alert,) = alerts(app)
    assert (alert.title, alert.members[0].path) == ("UK-bad.csv is held in region UK", f"/waiting/{batch}")
    assert "rows" in alert.text
    COMMANDS["reject"](app, quiet, batch=batch, reason="wrong file")
    evaluated(app, 1)
    assert titles(app) == []


def test_dead_letters_are_shown_to_those_who_see_the_pipeline_of_all(app: App) -> None:
    enable(app, "dead-letters")
    for number in range(2):
        message_queues.store_dead_letter(app.ports, letter(number))
    evaluated(app)
    (alert,) = alerts(app)
    assert (alert.title, alert.text) == ("2 messages of batches failed too often", "The latest error: too late")
    assert records.active_alerts(app.ports, scope_of(Role.ANALYST)) == []
    assert records.active_alerts(app.ports, scope_of(Role.MANAGER, ("UK",))) == []
    with pytest.raises(NotFound):
        records.get_alert(app.ports, alert.id, scope_of(Role.ANALYST))
    message_queues.resend_dead_letters(app.ports, ["0", "1"], "boss")
    evaluated(app)
    assert len(alerts(app)) == 1, "a page may hold the messages for a while"
    evaluated(app, 15)
    assert alerts(app) == []


def test_a_sale_is_large_until_it_is_undone(app: App, tmp_path: Path) -> None:
    enable(app, "large-sale", amount=5_000)
    batch = add_file(app, tmp_path, "UK-large.csv", [line("BIG", units="300"), line("BIG", units="300", price=20)])
    evaluated(app)
    (alert,) = alerts(app)
    assert "store LDS1 in UK on 15 June" in alert.title
    assert alert.members[0].path == "/sales/BIG?region=UK"
    assert records.active_alerts(app.ports, scope_of(Role.MANAGER, ("UK",), ("MAN1",))) == []
    assert len(records.active_alerts(app.ports, scope_of(Role.MANAGER, ("UK",), ("LDS1",)))) == 1
    COMMANDS["undo"](app, quiet, batch=batch)
    evaluated(app)
    assert alerts(app) == []


def test_many_large_sales_are_one_alert_and_the_preview_counts_them_so(app: App, tmp_path: Path) -> None:
    rule = enable(app, "large-sale", amount=5_000)
    add_file(app, tmp_path, "UK-large.csv", [line(f"BIG{number}", units="900") for number in range(6)])
    evaluated(app)
    assert titles(app) == ["6 large sales in UK"]
    (day,) = replay_rule(sources(app), rule).days
    assert (day.day.isoformat(), day.alerts) == ("2026-06-15", ("6 large sales in UK",))
    assert replay_rule(sources(app), rules.get_rule(app.ports, "dead-letters").rule).reason == NOT_STORED


def test_a_region_is_late_until_its_file_arrives(app: App, tmp_path: Path) -> None:
    enable(app, "region-late")
    expected = Expectation(cadence="daily", deadline=time(18), since=LAST)
    source_settings.save_expectation(app.ports, app.contracts.current("UK"), expected, "boss")
    evaluated(app)
    assert titles(app) == []
    evaluated(app, 48 * 60)
    (alert,) = alerts(app)
    assert alert.title == "Region UK: the sales of 16 June have not arrived"
    rule = rules.get_rule(app.ports, "region-late").rule
    assert replay_rule(sources(app), rule).days[0].alerts == ("Region UK: the file of 16 June has not arrived",)
    add_file(app, tmp_path, "UK-16.csv", [line("L", day="16/06/2026")])
    evaluated(app)
    assert titles(app) == []
    assert replay_rule(sources(app), rule).days[0].alerts == ("Region UK: the file of 16 June came late",)


def test_alerts_of_a_rule_that_is_disabled_or_removed_end_without_a_notice(app: App) -> None:
    enable(app, "dead-letters")
    message_queues.store_dead_letter(app.ports, letter(1))
    evaluated(app)
    rules.enable_rule(app.ports, "dead-letters", by="boss", is_enabled=False)
    evaluated(app)
    (alert,) = records.latest_alerts(app.ports, UNRESTRICTED)
    assert (alert.state, alert.events[-1].text) == (AlertState.ENDED, "The rule is no longer used.")
    assert [one["kind"] for one in notices(app)] == ["opened"]
    rules.remove_rule(app.ports, "dead-letters", by="boss")
    with pytest.raises(NotFound):
        rules.get_rule(app.ports, "dead-letters")
    assert "dead-letters" not in {one.rule.id for one in rules.find_rules(app.ports)}
    actions = [one.what for one in entries(app) if one.what.startswith("alert")]
    assert actions[:2] == ["alert-rule.removed", "alert-rule.saved"]


def test_what_people_do_is_kept_with_their_names_and_audited(app: App) -> None:
    enable(app, "dead-letters")
    message_queues.store_dead_letter(app.ports, letter(1))
    evaluated(app)
    (alert,) = alerts(app)
    records.acknowledge_alert(app.ports, alert.id, UNRESTRICTED, by="mia")
    assert alerts(app)[0].acknowledged_by == "mia"
    now = app.ports.clock.now()
    snoozed = records.snooze_alert(app.ports, alert.id, UNRESTRICTED, 2, by="ben")
    assert snoozed.snoozed_until
    assert now <= snoozed.snoozed_until - timedelta(hours=2) < now + timedelta(seconds=1)
    evaluated(app, 119)
    assert alerts(app)[0].state is AlertState.SNOOZED
    evaluated(app, 1)
    assert alerts(app)[0].state is AlertState.OPEN
    assert [one["kind"] for one in notices(app)] == ["opened", "reminded"]
    with pytest.raises(Rejected, match="31 days"):
        records.snooze_alert(app.ports, alert.id, UNRESTRICTED, 24 * 40, by="ben")
    assert {one.who for one in entries(app) if one.what.startswith("alert.")} == {"mia", "ben"}


def test_a_rule_that_fails_changes_no_alert_and_is_shown(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    enable(app, "dead-letters")
    message_queues.store_dead_letter(app.ports, letter(1))
    evaluated(app)

    def failing(*_: object) -> list[DeadLetter]:
        raise RuntimeError("no answer")

    monkeypatch.setattr(message_queues, "find_dead_letters", failing)
    result = evaluation.evaluate_rules(sources(app))
    assert result.failed == {"dead-letters": "RuntimeError('no answer')"}
    assert evaluation.last_evaluation(app.ports).failed == result.failed
    assert len(alerts(app)) == 1


def test_two_evaluations_at_once_notify_once(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one runs between the decision and the write of the first."""
    enable(app, "dead-letters")
    message_queues.store_dead_letter(app.ports, letter(1))
    put_all, ran = app.ports.documents.put_all, list[int]()

    def interrupted(puts: list[Put]) -> object:
        if not ran:
            ran.append(1)
            evaluation.evaluate_rules(sources(app))
        return put_all(puts)

    monkeypatch.setattr(app.ports.documents, "put_all", interrupted)
    evaluated(app)
    assert (len(alerts(app)), [one["kind"] for one in notices(app)]) == (1, ["opened"])


def test_a_rule_that_was_changed_meanwhile_is_not_overwritten(app: App) -> None:
    stored = rules.get_rule(app.ports, "large-sale")
    enable(app, "large-sale")
    with pytest.raises(Conflict, match="changed meanwhile"):
        rules.save_rule(app.ports, stored.rule, by="ben", version=5)


def test_old_alerts_are_deleted(app: App) -> None:
    enable(app, "dead-letters")
    message_queues.store_dead_letter(app.ports, letter(1))
    evaluated(app)
    message_queues.resend_dead_letters(app.ports, ["1"], "boss")
    evaluated(app)
    evaluated(app, 15)
    assert len(records.latest_alerts(app.ports, UNRESTRICTED)) == 1
    evaluated(app, 91 * 24 * 60)
    assert records.latest_alerts(app.ports, UNRESTRICTED) == []
