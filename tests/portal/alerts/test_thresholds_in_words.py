"""The threshold of a rule in words: one of its unit is singular."""

from dataclasses import replace
from decimal import Decimal

from portal.alerts.rules import threshold_text
from tillstream.alerts.kinds import KINDS
from tillstream.alerts.rules import AlertRule

ONE = {
    "": "",
    "days": "day",
    "hours": "hour",
    "losses": "loss",
    "messages": "message",
    "minutes": "minute",
    "money": "EUR",
    "percent": "%",
    "points": "point",
    "rows": "row",
    "sale lines": "sale line",
    "units": "unit",
    "weeks before": "week before",
}


def test_one_of_each_unit_is_singular() -> None:
    for kind in KINDS.values():
        unit = kind.threshold.unit
        rule = AlertRule.of_kind("one", kind)
        parameters = [{**rule.parameters, kind.threshold.name: Decimal(number)} for number in (1, 3)]
        one, more = (threshold_text(replace(rule, parameters=each), "EUR") for each in parameters)
        assert one == f"{kind.threshold.label} 1 {ONE[unit]}"
        assert more == f"{kind.threshold.label} 3 {ONE[unit] if unit in {'money', 'percent'} else unit}"
