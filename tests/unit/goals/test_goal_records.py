"""Stored goals: versions, conflicts and going back."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from app_factory import build
from goals_shop import JUNE, LEEDS, UK, enter, revenue

from tillstream.app import App
from tillstream.goals import published_standings, stored_goals
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.records.audit_log import AuditFilter, find_entries
from tillstream.settings import Settings


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = build(Settings(home=tmp_path / "home", samples=False, threads=1))
    yield opened
    opened.close()


def test_each_save_is_a_version_with_its_changes(app: App) -> None:
    enter(app, revenue(UK, "20000"))
    enter(app, revenue(UK, "25000"), revenue(LEEDS, "1"))
    newest, first = stored_goals.goal_versions(app.ports, JUNE)
    assert (newest.number, newest.by, newest.source) == (2, "boss", "grid")
    changes = [(one[0], one[2].amount if one[2] else None, one[3].amount if one[3] else None) for one in newest.changed]
    assert changes == [(UK, Decimal(20000), Decimal(25000)), (LEEDS, None, Decimal(1))]
    assert first.changed[0][2] is None
    assert [one.month for one in stored_goals.read_all_goals(app.ports)] == [JUNE]


def test_saving_the_same_goals_again_changes_nothing(app: App) -> None:
    enter(app, revenue(UK, "20000"))
    enter(app, revenue(UK, "20000"))
    assert stored_goals.read_goals(app.ports, JUNE).version == 1


def test_an_earlier_version_is_restored_as_a_new_one(app: App) -> None:
    enter(app, revenue(UK, "20000"))
    enter(app, revenue(LEEDS, "1"))
    assert stored_goals.restore_version(app.ports, JUNE, 1, by="boss") == 2
    stored = stored_goals.read_goals(app.ports, JUNE)
    assert stored.version == 3
    assert [goal.amount for goal in stored.goals.values()] == [20000]
    with pytest.raises(NotFound):
        stored_goals.restore_version(app.ports, JUNE, 9, by="boss")
    with pytest.raises(Rejected, match="cannot change"):
        stored_goals.restore_version(app.ports, JUNE, 2, by="boss", may_change=lambda target: target != UK)


def test_changes_of_an_older_version_conflict(app: App) -> None:
    enter(app, revenue(UK, "20000"))
    goal = revenue(UK, "1")
    with pytest.raises(Conflict):
        stored_goals.save_goals(app.ports, {JUNE: {goal.key: goal}}, by="boss", source="grid", expected={JUNE: 0})


def test_months_are_saved_together_or_not_at_all(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_goals, "MAX_GOALS", 1)
    one, other = revenue(UK, "1"), revenue(LEEDS, "2")
    changes = {JUNE: {one.key: one}, JUNE.plus(1): {one.key: one, other.key: other}}
    with pytest.raises(Rejected, match="a month can have 1"):
        stored_goals.save_goals(app.ports, changes, by="boss", source="grid")
    assert stored_goals.read_all_goals(app.ports) == []


def test_changes_are_in_the_audit_log(app: App) -> None:
    enter(app, revenue(UK, "20000"))
    published_standings.save_leader_board_setting(app.ports, published_standings.OFF, by="boss")
    whats = [entry.what for entry in find_entries(app.ports, AuditFilter())]
    assert published_standings.leader_board_setting(app.ports) == published_standings.OFF
    assert {"goals.changed", "goals.setting-changed"} <= set(whats)
