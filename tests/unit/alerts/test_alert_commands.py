"""Alerts on the command line."""

from collections.abc import Iterator
from typing import Any

import pytest
from alert_shop import enable, evaluated, open_shop

from tillstream.app import App
from tillstream.commands import alerts as output
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.model.errors import NotFound


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    opened = open_shop(tmp_path_factory.mktemp("alerts"))
    enable(opened, "large-sale", amount=200, days=10)
    evaluated(opened)
    yield opened
    opened.close()


def command(app: App, name: str, /, **options: Any) -> Any:
    return COMMANDS[name](app, quiet, **options).data


def test_alerts_are_listed_acknowledged_and_snoozed(app: App) -> None:
    listed = command(app, "alerts")
    first, second = (one["id"] for one in listed["alerts"][:2])
    assert command(app, "alerts-acknowledge", alert=first)["acknowledged_by"] == "command line"
    snoozed = command(app, "alerts-snooze", alert=second, hours=3)
    assert (snoozed["state"], snoozed["snoozed_until"][:13]) == ("snoozed", "2026-06-16T15")
    with pytest.raises(NotFound):
        command(app, "alerts-acknowledge", alert="0" * 20)


def test_rules_are_listed_with_their_thresholds(app: App) -> None:
    by_id = {one["id"]: one for one in command(app, "alerts-rules")}
    assert by_id["large-sale"]["parameters"]["amount"] == "200"
    assert by_id["files-held"]["enabled"] is True


def test_a_rule_or_a_kind_is_previewed(app: App) -> None:
    data = command(app, "alerts-preview", rule="large-sale", days=10)
    assert (data["count"], data["from"]) == (2, "2026-06-07")
    assert command(app, "alerts-preview", rule="dead-letters")["reason"]
    with pytest.raises(NotFound, match="There is no rule"):
        command(app, "alerts-preview", rule="nothing")


def test_what_is_printed(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    listed = command(app, "alerts", ended=True)
    output.show_alerts(evaluated_at=listed["evaluated_at"], alerts=listed["alerts"])
    output.show_rules(command(app, "alerts-rules"))
    output.show_rule_preview(command(app, "alerts-preview", rule="large-sale"))
    output.show_rule_preview(command(app, "alerts-preview", rule="dead-letters"))
    printed = capsys.readouterr().out
    assert "A sale of 319.72 USD in store LDS1 in UK on 13 June" in printed
    assert "Dead letters: The past of this value is not stored" in printed
    output.show_alerts(evaluated_at="", alerts=[])
    assert "There are no alerts." in capsys.readouterr().out
