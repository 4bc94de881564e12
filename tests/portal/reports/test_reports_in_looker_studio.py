"""The company's reports in Looker Studio on the page of reports: those whose views the user can read."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from app_factory import build
from visitor import People

from looker.definitions import reports
from looker.links import address
from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.settings import Settings

HEADING = "In Looker Studio"
IDS = {name: f"id-{name}" for name in reports() if name != "regions"}
SETTING = ",".join(f"{name}={report_id}" for name, report_id in IDS.items())


@pytest.fixture(params=[("demo", SETTING), ("", SETTING), ("demo", "")], ids=["set-up", "local", "without-ids"])
def settings(request: pytest.FixtureRequest) -> tuple[str, str]:
    return request.param


@pytest.fixture
def app(tmp_path: Path, clock: ManualClock, settings: tuple[str, str]) -> Iterator[App]:
    project, ids = settings
    opened = build(Settings(home=tmp_path, samples=False, threads=1), clock)
    changed = opened.settings.model_copy(update={"project": project, "looker_report_ids": ids})
    yield replace(opened, settings=changed)
    opened.close()


def opened_reports(page: str) -> list[str]:
    return re.findall(r'href="https://lookerstudio\.google\.com/reporting/id-([\w-]+)"', page)


def test_reports_with_an_id_are_listed_in_a_project(person: People, settings: tuple[str, str]) -> None:
    page = person().get("/reports").text
    assert (HEADING in page) == all(settings)
    assert opened_reports(page) == (list(IDS) if all(settings) else [])


@pytest.mark.parametrize("settings", [("demo", SETTING)], ids=["set-up"], indirect=True)
@pytest.mark.parametrize(
    ("role", "hidden"),
    [
        (Role.MANAGER, set()),
        (Role.ANALYST, {"salespeople", "data-quality"}),
        (Role.SALESPERSON, {"forecast-and-goals", "data-quality"}),
    ],
)
def test_reports_without_rows_for_a_role_are_left_out(role: Role, hidden: set[str], person: People) -> None:
    assert set(opened_reports(person(role=role).get("/reports").text)) == set(IDS) - hidden


@pytest.mark.parametrize("settings", [("demo", SETTING)], ids=["set-up"], indirect=True)
def test_a_copy_reads_the_views_of_the_project(person: People) -> None:
    copy = address(reports()["stock"], "demo", "tillstream_reports", IDS["stock"])
    assert copy.replace("&", "&amp;") in person().get("/reports").text
