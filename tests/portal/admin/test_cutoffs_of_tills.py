"""A setup code has the time at which business days of its region end, so that the day closes of tills agree."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from app_factory import build
from flask import Flask
from till_lines import Line, set_up
from visitor import People

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.operations import reconcile
from tillstream.people import store_credentials
from tillstream.review import day_closes
from tillstream.server.worker import Worker
from tillstream.settings import Settings
from tillstream_till.setup_code import decode

NIGHT = """\
name: NIGHT
region: NIGHT
version: 1
currency: EUR
columns: {sale_id: Bon, store_id: Filiale, date: Datum, net_amount: Netto}
dates: {formats: ["%Y-%m-%d %H:%M"], time_zone: Europe/Berlin, cutoff: "04:00"}
"""


@pytest.fixture
def app(tmp_path: Path, clock: ManualClock) -> Iterator[App]:
    """With a region whose business days end at four in the morning."""
    (tmp_path / "home" / "contracts").mkdir(parents=True)
    (tmp_path / "home" / "contracts" / "NIGHT.yaml").write_text(NIGHT)
    app = build(Settings(home=tmp_path / "home", samples=False, threads=1), clock)
    yield app
    app.close()


def sale(number: str, sold_at: str) -> dict[str, object]:
    lines = [{"line": "1", "product_id": "P-1", "net_amount": "10.00"}]
    return {"number": number, "sold_at": sold_at, "currency": "EUR", "lines": lines}


def setup_code(page: str) -> str:
    match = re.search(r"tillsetup_[A-Za-z0-9_-]+", page)
    assert match
    return match[0]


def test_the_day_closes_of_a_till_agree_in_a_region_whose_days_end_at_four(
    app: App, clock: ManualClock, portal: Flask, person: People, tmp_path: Path
) -> None:
    admin = person(Role.ADMIN)
    page = admin.post("/stores/connect", {"region": "NIGHT", "store_id": "BAR", "label": "front"}).text
    with set_up(tmp_path / "till", setup_code(page), Line(portal)) as till:
        till.record(sale("1", "2026-06-29T23:30:00+02:00"))
        till.record(sale("2", "2026-06-30T03:59:00+02:00"))
        till.record(sale("3", "2026-06-30T04:00:00+02:00"))
        for day in ("2026-06-28", "2026-06-29", "2026-06-30"):
            till.close_day(day)
        assert till.send().error == ""
        Worker(app).run_until_idle()
        clock.advance(600)
        reconcile.resume_interrupted_work(app.ports, app.contracts)
        closes = {close.date: (close.sales, close.state) for close in day_closes.find_day_closes(app.ports)}
        assert closes == {"2026-06-28": (0, "agreed"), "2026-06-29": (2, "agreed"), "2026-06-30": (1, "agreed")}
        days = app.ports.warehouse.query("SELECT sale_id, sale_date FROM sale_lines").to_pylist()
        assert {row["sale_id"]: row["sale_date"].isoformat() for row in days} == {
            "BAR/1": "2026-06-29", "BAR/2": "2026-06-29", "BAR/3": "2026-06-30",
        }  # fmt: skip
        assert till.status()["outcomes"] == {"counted": 3}


def test_a_replaced_key_keeps_the_cutoff(app: App, person: People) -> None:
    old = store_credentials.issue_store_key(app.ports, "NIGHT", "BAR", "front", "boss")[0]
    page = person(Role.ADMIN).post(f"/stores/keys/{old.id}/replace").text
    assert decode(setup_code(page)).cutoff == "04:00"
