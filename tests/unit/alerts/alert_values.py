"""Rules and observations for tests of alerts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tillstream.alerts.kinds import KINDS
from tillstream.alerts.observations import Cause, Observation
from tillstream.alerts.rules import AlertRule, RuleDelivery

NOON = datetime(2026, 6, 16, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def rule(kind: str = "rows-in-quarantine", /, **changes: Any) -> AlertRule:
    """A rule that opens at 20, ends below 16 and notifies the channel `mail`."""
    default = AlertRule.of_kind("rows", KINDS[kind])
    return replace(default, **{"delivery": RuleDelivery(channels=("mail",)), **changes})


def observed(value: int = 20, subject: str = "UK", region: str = "UK", store: str | None = None) -> Observation:
    return Observation(
        subject, f"{subject} has {value} rows to fix", Decimal(value), Decimal(20), region=region, store=store
    )


def cause(value: int = 20) -> Cause:
    return Cause("UK", (observed(value),))
