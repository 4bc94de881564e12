"""Exports in the background in a project: the sweep starts the job, also without e-mail, and it writes the file."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import shop_of_two_stores
from stateful.on_google import project
from test_reports_in_a_cloud import sweep

from devtools.local_jobs import LocalJobs, served
from tillstream.app import App, build
from tillstream.delivery import background_exports
from tillstream.delivery.background_exports import DONE, scope_text
from tillstream.model.events import STAGING
from tillstream.model.permissions import Role
from tillstream.people import accounts

pytestmark = [pytest.mark.usefixtures("pubsub", "firestore", "cloud_storage", "bigquery"), pytest.mark.long]


@pytest.fixture
def jobs(tmp_path: Path) -> LocalJobs:
    return LocalJobs(tmp_path)


@pytest.fixture
def app(jobs: LocalJobs) -> Iterator[App]:
    """A function's app in a project without e-mail."""
    with served(jobs) as address:
        settings = project().model_copy(update={"run_api": address})
        jobs.variables = {"TILLSTREAM_PROJECT": settings.project, "TILLSTREAM_RUN_API": address}
        with closing(build(settings)) as opened:
            yield opened


def test_a_long_export_is_written_by_the_job_within_the_scope_of_its_person(
    app: App, jobs: LocalJobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = app.ports.clock.now().date()
    shop_of_two_stores.add(app, tmp_path, today - timedelta(days=5), today - timedelta(days=1))
    accounts.add_account(app.ports, "maya", "Maya", Role.MANAGER, regions=("UK",), stores=("LDS1",))
    sweep(app, monkeypatch)
    assert jobs.processes == []
    lines = f"/tables/sale-lines?from={today - timedelta(days=5)}&to={today}"
    one = background_exports.request_export(app.ports, accounts.get_user(app.ports, "maya"), "Sale lines", lines, "csv")

    sweep(app, monkeypatch)
    sweep(app, monkeypatch)
    (process,) = jobs.processes
    assert process.wait(300) == 0, (tmp_path / "job-reports.log").read_text()
    written = background_exports.get_export(app.ports, one.id)
    assert (written.state, written.error) == (DONE, "")
    assert written.scope == scope_text(accounts.get_user(app.ports, "maya").scope)
    with app.ports.objects.open(STAGING, written.object_name) as stream:
        content = stream.read()
    assert len(content) == written.bytes
    head, *rows = content.decode("utf-8-sig").splitlines()
    place = head.split(",").index('"store_id"')
    assert len(rows) == written.rows > 0
    assert {row.split(",")[place].strip('"') for row in rows} == {"LDS1"}

    sweep(app, monkeypatch)
    assert jobs.processes == [process]
