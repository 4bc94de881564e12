"""Outside series: stored by name, known only as far as they were known, and used by forecasts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from app_factory import build
from histories import history
from hypothesis import given, settings
from hypothesis import strategies as st

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.forecasting import outside_series
from tillstream.forecasting.models import ensemble
from tillstream.forecasting.models.panel import DAILY, Regressor
from tillstream.forecasting.outside_series import OutsideValue, read_series
from tillstream.forecasting.regressors import outside_regressors
from tillstream.forecasting.sales_series import SeriesKey, TimeAxis
from tillstream.model.errors import NotFound, Rejected
from tillstream.settings import Settings

START = date(2024, 1, 1)
STEPS, AHEAD = 170, 28
AXIS = TimeAxis(DAILY, START, STEPS, AHEAD)
KEYS = (SeriesKey("UK", "U", "Toys"), SeriesKey("IN", "M", "Toys"))


def value(step: int, number: float, published_after: int = 1, region: str = "") -> OutsideValue:
    day = START + timedelta(days=step)
    return OutsideValue(day, number, day + timedelta(days=published_after), region)


def test_a_value_counts_from_the_day_on_which_it_was_known() -> None:
    values = [value(step, float(step), published_after=3) for step in range(100)]
    (latest,) = outside_regressors(KEYS, {"index": values}, AXIS)
    assert latest.name == "outside_index"
    assert not latest.is_planned
    assert np.isnan(latest.values[0, :3]).all()
    assert (latest.values[0, 3:100] == np.arange(97)).all()
    assert (latest.values[0, 103:] == 99).all()


def test_a_later_correction_counts_from_its_own_day() -> None:
    values = [value(step, 1.0) for step in range(60)] + [
        replace(value(59, 5.0), published_on=START + timedelta(days=70))
    ]
    (latest,) = outside_regressors(KEYS, {"index": values}, AXIS)
    assert latest.values[0, 69] == 1.0
    assert latest.values[0, 70] == 5.0


def test_a_region_has_its_own_values_and_those_of_all() -> None:
    values = [value(step, 1.0) for step in range(60)] + [value(step, 9.0, region="UK") for step in range(60, 120)]
    (latest,) = outside_regressors(KEYS, {"index": values}, AXIS)
    assert latest.values[0, 110] == 9.0
    assert latest.values[1, 110] == 1.0


def test_a_short_series_is_not_used() -> None:
    assert outside_regressors(KEYS, {"index": [value(160 + step, 1.0) for step in range(5)]}, AXIS) == ()


VALUES = st.lists(
    st.tuples(st.integers(0, STEPS + AHEAD - 1), st.floats(0, 100), st.integers(-40, 40)), min_size=60, max_size=90
)


@settings(max_examples=40)
@given(VALUES, st.integers(60, STEPS), st.floats(0, 1e6))
def test_what_becomes_known_later_changes_nothing_that_was_known(
    rows: list[tuple[int, float, int]], cutoff: int, other: float
) -> None:
    values = [value(*row) for row in rows]
    last = START + timedelta(days=cutoff - 1)
    changed = [one if one.published_on <= last else replace(one, value=other) for one in values]
    sides = [outside_regressors(KEYS, {"index": each}, AXIS) for each in (values, changed)]
    for before, after in zip(*sides, strict=False):
        one, two = (each.until(cutoff, cutoff + 14) for each in (before, after))
        np.testing.assert_array_equal(one.values[:, :cutoff], two.values[:, :cutoff])
        if one.is_planned:
            np.testing.assert_array_equal(one.values, two.values)
        rows_, steps, origins = np.zeros(5, int), cutoff - np.arange(1, 6), cutoff - np.arange(1, 6)
        np.testing.assert_array_equal(one.at(rows_, steps, origins), two.at(rows_, steps, origins))


def test_a_value_that_is_known_ahead_improves_the_forecast() -> None:
    """Visitors are planned a month ahead, and each brings a sale."""
    random = np.random.default_rng(4)
    visitors = random.integers(10, 90, STEPS + AHEAD).astype(float)
    sales = np.array([visitors[:STEPS] * scale for scale in (1.0, 2.0, 3.0)])
    available = np.maximum(np.arange(STEPS + AHEAD) - AHEAD, 0)
    planned = Regressor("outside_visitors_ahead", visitors[None], is_planned=True, available=available[None])
    come = np.array([visitors[STEPS:] * scale for scale in (1.0, 2.0, 3.0)])
    errors = [
        float(np.abs(ensemble.fit_history(history(sales, regressors=each), AHEAD).means - come).mean())
        for each in ((planned,), ())
    ]
    assert errors[0] < 0.8 * errors[1]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = build(Settings(home=tmp_path / "home", samples=False, threads=1))
    yield opened
    opened.close()


def test_a_series_is_stored_listed_replaced_and_removed(app: App) -> None:
    values = [value(step, step + 0.5, region="UK") for step in range(400)]
    saved = outside_series.save_series(app.ports, "footfall", values, by="boss", file="f.csv")
    (one,) = outside_series.listed_series(app.ports)
    assert one == saved
    assert (one.name, one.rows, one.first, one.last, one.regions) == (
        "footfall", 400, "2024-01-01", "2025-02-03", ("UK",),
    )  # fmt: skip
    assert outside_series.values_of_series(app.ports, one) == values
    replaced = outside_series.save_series(app.ports, "footfall", values[:10], by="boss", file="f.csv")
    assert outside_series.values_of_series(app.ports, replaced) == values[:10]
    outside_series.remove_series(app.ports, "footfall", by="boss")
    assert outside_series.listed_series(app.ports) == []
    with pytest.raises(NotFound):
        outside_series.remove_series(app.ports, "footfall", by="boss")
    with pytest.raises(Rejected, match="cannot be the name"):
        outside_series.save_series(app.ports, "Foot fall", values, by="boss", file="f.csv")


def test_an_import_and_a_removal_are_taken_back_with_all_values(app: App) -> None:
    """Values of a version are in several documents."""
    values = [value(step, float(hour)) for step in range(400) for hour in range(30)]
    values = [replace(one, published_on=one.day + timedelta(days=1 + int(one.value))) for one in values]
    first = outside_series.save_series(app.ports, "footfall", values, by="boss", file="f.csv")
    with pytest.raises(NotFound, match="no earlier version"):
        outside_series.restore_series(app.ports, "footfall", by="boss")
    outside_series.save_series(app.ports, "footfall", values[:10], by="boss", file="wrong.csv")
    assert outside_series.restore_series(app.ports, "footfall", by="boss") == first
    assert outside_series.values_of_series(app.ports, first) == values
    assert outside_series.restore_series(app.ports, "footfall", by="boss").rows == 10
    outside_series.save_series(app.ports, "footfall", values[:20], by="boss", file="f.csv")
    versions = {one.id.split(".")[1] for one in app.ports.documents.find(outside_series.VALUES_COLLECTION)}
    assert len(versions) == 2, "older values are deleted"
    outside_series.remove_series(app.ports, "footfall", by="boss")
    assert outside_series.restore_series(app.ports, "footfall", by="boss").rows == 20
    assert [one.rows for one in outside_series.listed_series(app.ports)] == [20]


def test_a_removed_series_is_deleted_after_a_month_by_the_next_forecast(tmp_path: Path) -> None:
    clock = ManualClock(datetime(2026, 7, 1, tzinfo=UTC))
    app = build(Settings(home=tmp_path / "home", samples=False, threads=1), clock)
    outside_series.save_series(app.ports, "footfall", [value(0, 1.0)], by="boss", file="f.csv")
    outside_series.remove_series(app.ports, "footfall", by="boss")
    outside_series.delete_removed_series(app.ports)
    assert [one.name for one in outside_series.stored_series(app.ports)] == ["footfall"]
    clock.sleep(timedelta(days=31).total_seconds())
    outside_series.delete_removed_series(app.ports)
    assert outside_series.stored_series(app.ports) == []
    assert app.ports.documents.count(outside_series.VALUES_COLLECTION) == 0
    app.close()


def test_a_file_is_read_or_refused_with_its_lines() -> None:
    good = read_series(b"Day;Index;Published\n2026-01-01;1,5;2026-02-01\n2026-01-02;2;\n", ["UK"])
    assert [(one.value, one.published_on.isoformat()) for one in good.values] == [
        (1.5, "2026-02-01"),
        (2.0, "2026-01-03"),
    ]
    bad = read_series(
        b"date,value,region\n2026-01-01,1,XX\nsoon,2,\n2026-01-03,x,\n2026-01-04,1,\n2026-01-04,2,\n", ["UK"]
    )
    assert bad.values == []
    assert [one.line for one in bad.problems] == [2, 3, 4, 6]
    assert "“XX” is not a region" in bad.problems[0].message
    assert bad.problems[1].message == "Date is “soon”, which is not a date."
    assert bad.problems[1].remedy == "Write year, month and day, such as 2026-12-31."
    assert bad.problems[2].message == "Value is “x”, which is not a number."
    assert "also in line 5" in bad.problems[3].message
    with pytest.raises(Rejected, match="no values"):
        read_series(b"date,value\n", [])
