"""The last day of the samples has ended in all their regions, whatever the hour of the start."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tillstream.commands.demo_shop.sales import last_day
from tillstream.contracts import contract_files
from tillstream.samples.sample_files import DEMO_NAMES


@pytest.mark.parametrize("season", [date(2026, 1, 15), date(2026, 7, 15)])
def test_no_sample_sale_is_later_than_now_at_any_hour(season: date) -> None:
    zones = [ZoneInfo(contract_files.shipped_contracts()[region].dates.time_zone) for region in DEMO_NAMES]
    for hour in range(24):
        now = datetime.combine(season, time(hour, 15), UTC)
        after = last_day(now) + timedelta(days=1)
        assert all(datetime.combine(after, time(0), zone) <= now for zone in zones), now
        assert any(datetime.combine(after + timedelta(days=1), time(0), zone) > now for zone in zones), now
