"""The business day of a store at a moment, and the same time of day a week earlier."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tillstream.domain.contract.model import Contract

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class TradingTime:
    """Time zone and start of the business day of a store."""

    zone: str = "UTC"
    cutoff: time = time(0, 0)


@dataclass(frozen=True)
class Moment:
    """A business day that has begun, the day a week earlier, and the instant until which that day is compared."""

    today: date
    week_earlier: date
    sold_until: datetime


@dataclass(frozen=True)
class StoreTimes:
    """The trading times of all stores: by region, and of the stores that differ from their region."""

    regions: Mapping[str, TradingTime] = field(default_factory=dict)
    stores: Mapping[tuple[str, str], TradingTime] = field(default_factory=dict)

    def of(self, region: str, store_id: str | None) -> TradingTime:
        """The trading time of a store; UTC in a region without a contract."""
        return self.stores.get((region, store_id or "")) or self.regions.get(region, TradingTime())

    def moments(self, now: datetime) -> tuple[Moment, ...]:
        """The distinct moments of all stores."""
        times = (TradingTime(), *self.regions.values(), *self.stores.values())
        return tuple(dict.fromkeys(moment(now, one) for one in times))


def store_times(contracts: Iterable[Contract]) -> StoreTimes:
    """The trading times that contracts define; of several contracts of a region, those of the first."""
    regions: dict[str, TradingTime] = {}
    stores: dict[tuple[str, str], TradingTime] = {}
    for contract in contracts:
        dates = contract.dates
        regions.setdefault(contract.region, TradingTime(dates.time_zone, dates.cutoff))
        for store, zone in dates.store_zones.items():
            stores.setdefault((contract.region, store), TradingTime(zone, dates.cutoff))
    return StoreTimes(regions, stores)


def moment(now: datetime, trading: TradingTime) -> Moment:
    """The business day of a store at `now`, and the same local time a week earlier, also if its clocks changed since.

    A local time that does not exist has the offset before the change; of one that exists twice, the first counts.
    """
    local = now.astimezone(ZoneInfo(trading.zone))
    start = timedelta(hours=trading.cutoff.hour, minutes=trading.cutoff.minute)
    wall = local.replace(tzinfo=None)
    today = (wall - start).date()
    earlier = (wall - WEEK).replace(tzinfo=ZoneInfo(trading.zone))
    return Moment(today, today - WEEK, earlier.astimezone(now.tzinfo))
