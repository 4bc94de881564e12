"""Rules and observations for tests of alerts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tillstream.domain.alerts.kind import KindName
from tillstream.domain.alerts.kinds import KINDS
from tillstream.domain.alerts.observations import Cause, Observation
from tillstream.domain.alerts.rules import AlertRule, Delivery

NOON = datetime(2026, 6, 16, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def rule(kind: KindName = KindName.ROWS_IN_QUARANTINE, /, **changes: Any) -> AlertRule:
    """A rule that opens at 20, ends below 16 and notifies the channel `mail`."""
    default = AlertRule.of_kind("rows", KINDS[kind])
    return replace(default, **{"delivery": Delivery(channels=("mail",)), **changes})


def observed(value: int = 20, subject: str = "UK", region: str = "UK", store: str | None = None) -> Observation:
    return Observation(
        subject, f"{subject} has {value} rows to fix", Decimal(value), Decimal(20), region=region, store=store
    )


def cause(value: int = 20) -> Cause:
    return Cause("UK", (observed(value),))
