"""The business day of a store, and the same time of day a week earlier."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tillstream.analytics.live_sales import StoreTimes, TradingMoment, TradingTime, store_times, trading_moment
from tillstream.model.contract import parse_contract

START = datetime(2000, 1, 8, tzinfo=UTC)
LONDON = TradingTime("Europe/London")
MUMBAI = TradingTime("Asia/Kolkata")


def test_a_store_ahead_of_utc_has_its_own_day() -> None:
    now = datetime(2026, 6, 3, 20, 0, tzinfo=UTC)
    assert trading_moment(now, LONDON) == TradingMoment(
        date(2026, 6, 3), date(2026, 5, 27), datetime(2026, 5, 27, 20, tzinfo=UTC)
    )
    assert trading_moment(now, MUMBAI).today == date(2026, 6, 4)


def test_before_the_cutoff_it_is_still_the_day_before() -> None:
    night = datetime(2026, 6, 4, 1, 30, tzinfo=UTC)
    bar = TradingTime("UTC", time(4, 0))
    assert trading_moment(night, bar).today == date(2026, 6, 3)
    assert trading_moment(night, bar).sold_until == datetime(2026, 5, 28, 1, 30, tzinfo=UTC)


def test_the_time_on_the_clock_counts_also_if_clocks_changed_during_the_week() -> None:
    noon = datetime(2026, 3, 31, 11, 0, tzinfo=UTC)  # 12:00 in London, since 29 March on summer time
    assert trading_moment(noon, LONDON).sold_until == datetime(2026, 3, 24, 12, 0, tzinfo=UTC)


@given(
    st.integers(0, 50 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes)),
    st.sampled_from(["Europe/London", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]),
    st.times(),
)
def test_the_earlier_moment_is_a_week_ago_within_a_change_of_clocks(now: datetime, zone: str, cutoff: time) -> None:
    one = trading_moment(now, TradingTime(zone, cutoff))
    assert one.today - one.week_earlier == timedelta(days=7)
    assert abs(now - one.sold_until - timedelta(days=7)) <= timedelta(hours=1)


def test_stores_with_equal_clocks_share_a_moment() -> None:
    times = StoreTimes({"UK": LONDON, "IE": TradingTime("Europe/Dublin"), "IN": MUMBAI})
    assert len(times.moments(datetime(2026, 6, 3, 20, 0, tzinfo=UTC))) == 2


def test_a_store_may_have_another_zone_than_its_region() -> None:
    contract = parse_contract(
        {
            "name": "US",
            "region": "US",
            "description": "Stores of two zones",
            "currency": "USD",
            "columns": {"sale_id": "number", "date": "day", "net_amount": "net", "store_id": "store"},
            "dates": {"time_zone": "America/New_York", "store_zones": {"LA1": "America/Los_Angeles"}},
        }
    )
    times = store_times([contract])
    assert times.trading_time("US", "LA1").zone == "America/Los_Angeles"
    assert times.trading_time("US", "NY1").zone == times.trading_time("US", None).zone == "America/New_York"
    assert times.trading_time("FR", "P1") == TradingTime()
