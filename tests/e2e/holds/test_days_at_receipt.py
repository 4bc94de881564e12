"""What is unusual about the days of a file depends on the day of its receipt: zones of sources, and swapped years."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from app_factory import build
from north_file import CONTRACT

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.intake import inbox
from tillstream.model.batch import Batch
from tillstream.pipeline.staging import stage
from tillstream.records import batch_records
from tillstream.settings import Settings

EVENING = datetime(2026, 3, 31, 20, tzinfo=UTC)
"""In Auckland, it is the morning of the first of April."""


def received(home: Path, dates: dict[str, Any], days: Sequence[str]) -> tuple[App, Batch]:
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "north.yaml").write_text(yaml.safe_dump(CONTRACT | {"dates": dates}))
    app = build(Settings(threads=1), ManualClock(EVENING))
    rows = [f"{number},{day},Lamp,1,5.00" for number, day in enumerate(days, 1)]
    data = "\n".join(["No,Day,Item,Qty,Amount", *rows, ""]).encode()
    upload = inbox.receive_file(app.ports, app.contracts.pin("north"), "a.csv", io.BytesIO(data), "emma")
    stage.stage(app.ports, upload.batch_id)
    return app, batch_records.get_batch(app.ports, upload.batch_id)


def outcome(upload: Batch) -> tuple[list[str], list[tuple[str, int]]]:
    return [hold.code for hold in upload.holds], [(one.code, one.count) for one in upload.staged.problems]


@pytest.mark.parametrize(
    ("dates", "result"),
    [
        ({"time_zone": "Pacific/Auckland"}, ([], [])),
        ({}, ([], [])),
        ({"time_zone": "Europe/London"}, (["future-dates"], [("future-date", 2)])),
        ({"time_zone": "Europe/London", "store_zones": {"A1": "Pacific/Auckland"}}, ([], [])),
    ],
    ids=["of the zone", "of no zone", "of another zone", "of a store's zone"],
)
def test_the_day_of_receipt_is_that_of_the_source(
    home: Path, dates: dict[str, Any], result: tuple[list[str], list[tuple[str, int]]]
) -> None:
    app, upload = received(home, dates, ["2026-04-01", "2026-04-01"])
    assert outcome(upload) == result
    app.close()


@pytest.mark.parametrize(
    ("formats", "days", "proposed"),
    [
        (["%d/%m/%y"], [f"26/03/{day:02}" for day in range(1, 29)], ["%y/%m/%d"]),
        (["%y-%m-%d"], [f"{day:02}-02-25" for day in range(3, 10)], ["%d-%m-%y"]),
        (
            ["%d.%m.%y", "%d.%m.%y %H:%M"],
            [f"26.{month:02}.{day:02}" for month in (1, 2) for day in range(1, 8)],
            ["%y.%m.%d", "%y.%m.%d %H:%M"],
        ),
    ],
    ids=["years first", "days first", "two months"],
)
def test_day_and_year_swapped_hold_the_file_with_one_question(
    home: Path, formats: list[str], days: list[str], proposed: list[str]
) -> None:
    app, upload = received(home, {"formats": formats}, days)
    (hold,) = upload.holds
    assert hold.code == "dates-swapped"
    assert f"as read, its {len(days)} days are of 20" in hold.message
    assert upload.proposed is not None
    assert upload.proposed.contract["dates"]["formats"] == proposed
    app.close()


@pytest.mark.parametrize(
    "days",
    [
        [f"{day:02}/03/26" for day in range(1, 29)],
        [f"25/12/{year:02}" for year in (21, 22, 23, 24)],
        [f"12/{month:02}/{year:02}" for year in range(18, 26) for month in range(1, 13)],
        [*(f"26/03/{day:02}" for day in range(1, 20)), "26/03/45"],
        [f"20{day:02}-03-26" for day in range(1, 20)],
        [*(f"26/03/{day:02}" for day in range(1, 20)), "2020-03-26"],
    ],
    ids=["days of a month", "Christmas", "twelfths of many years", "no day of a month", "ISO dates", "an ISO date"],
)
def test_days_that_are_right_are_not_questioned(home: Path, days: list[str]) -> None:
    app, upload = received(home, {"formats": ["%d/%m/%y"]}, days)
    assert outcome(upload)[0] == []
    app.close()
