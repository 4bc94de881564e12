"""A forecast run in a Google Cloud project: on the emulators, it gives what a run on a laptop gives, and repeats it."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from shop_of_two_stores import FIRST, content
from stateful.on_google import project

from infra.jobs import FORECASTS
from tillstream.analytics import reference
from tillstream.app import App, build
from tillstream.cli.main import main
from tillstream.forecasting.stored_fits import FOLDER
from tillstream.model.events import STAGING
from tillstream.settings import Settings

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("pubsub", "firestore", "cloud_storage", "bigquery")]
LAST = FIRST + timedelta(weeks=18, days=-2)
"""A Saturday, the end of the shortest history that gives a forecast: the stores are closed on Sundays."""
TABLES = ("forecasts", "forecast_accuracy")


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(f"TILLSTREAM_{name.upper()}", value)
        yield


def tillstream(*arguments: str) -> Any:
    result = CliRunner().invoke(main, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def run(sales: Path) -> dict[str, Any]:
    """Ingest the sales, and forecast as the job does."""
    assert tillstream("ingest", str(sales), "--region", "UK")["status"] == "settled"
    return dict(tillstream(*FORECASTS.arguments))


def stored(app: App) -> dict[str, list[dict[str, Any]]]:
    """The rows of both tables without the time of their run."""
    return {
        table: sorted(app.ports.warehouse.query(f"SELECT * EXCEPT (created_at) FROM {table}").to_pylist(), key=str)
        for table in TABLES
    }


def kept_fits(app: App) -> set[tuple[str, int]]:
    return {(stored.name, stored.generation) for stored in app.ports.objects.list(STAGING, FOLDER)}


def test_a_project_has_the_forecasts_of_a_laptop_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    sales = tmp_path / "UK.csv"
    sales.write_bytes(content(last=LAST))
    with environment(home=str(tmp_path / "home"), samples="false", threads="1"):
        local_run = run(sales)
        with closing(build(Settings.read())) as app:
            expected = stored(app)
    assert local_run["cutoff_date"] == LAST.isoformat()
    assert {row["level"] for row in expected["forecasts"]} >= {"total", "region", "store", "product"}
    assert expected["forecast_accuracy"]

    settings = project()
    with environment(project=settings.project, samples="false", threads="1"), closing(build(Settings.read())) as app:
        reference.refresh_rates(app.ports, app.settings.reporting_currency)  # as the first sweep of a project does
        cloud_run = run(sales)
        times = ("started_at", "ended_at")
        assert {name: value for name, value in cloud_run.items() if name not in times} == {
            name: value for name, value in local_run.items() if name not in times
        }
        assert stored(app) == expected
        fits = kept_fits(app)
        assert fits
        tillstream(*FORECASTS.arguments)
        assert kept_fits(app) == fits, "no fit of a window is made again"
        assert stored(app) == expected
