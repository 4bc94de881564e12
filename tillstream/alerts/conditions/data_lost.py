"""Losses that nobody has dealt with."""

from datetime import datetime
from decimal import Decimal

from tillstream.alerts.condition import AlertSources, Condition, at_least_lower
from tillstream.alerts.observations import Observation
from tillstream.alerts.rules import AlertRule
from tillstream.records import losses
from tillstream.records.losses import LossRecord


def _evaluate(sources: AlertSources, rule: AlertRule, _at: datetime) -> list[Observation]:
    lost = [one for one in losses.open_losses(sources.ports) if any(map(rule.covers_place, one.loss.regions or ("",)))]
    count = Decimal(len(lost))
    return at_least_lower(
        rule,
        (
            Observation(one.id, _title(one), count, rule.threshold, _text(one), _region(one), path=_path(one))
            for one in lost
        ),
    )


CONDITIONS = {"data-lost": Condition(_evaluate)}


def _title(one: LossRecord) -> str:
    return losses.TITLES[one.loss.kind]


def _text(one: LossRecord) -> str:
    return f"{one.loss.message}\n{one.loss.remedy}"


def _region(one: LossRecord) -> str:
    """The region; empty if several are affected, or if it is not known."""
    return one.loss.regions[0] if len(one.loss.regions) == 1 else ""


def _path(one: LossRecord) -> str:
    return f"/uploads/{one.loss.batch}" if one.loss.batch else "/pipeline"
