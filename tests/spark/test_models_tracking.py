"""Comparisons as runs of a real MLflow server: what is logged is read back through its API."""

import json
import socket
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from tillstream.commands import forecast
from tillstream.forecasting.mlflow_tracking import EXPERIMENT, MEASURES, Tracking
from tillstream.model.errors import Rejected, Unavailable

SECONDS = 200
START, END = datetime(2026, 7, 1, 3, 0, tzinfo=UTC), datetime(2026, 7, 1, 3, 4, tzinfo=UTC)
HEADERS = {"Content-Type": "application/json"}
CUTOFFS = ("2026-04-28", "2026-05-26", None)


def report() -> dict[str, Any]:
    """A report of two windows, two methods and enough levels for several requests."""
    windows = [
        {"level": f"level {number}", "method": method, "cutoff_date": day, "points": 10}
        | {name: number + place / 8 for place, name in enumerate(MEASURES)}
        for number in range(40)
        for method in ("regression", "last week")
        for day in CUTOFFS
    ]
    windows[0]["relative_mae"] = None
    importance = [{"feature": "weekday", "share": 0.75}, {"feature": "lag_7", "share": 0.25}]
    return {
        "target": "units", "horizon": 28, "last_day": "2026-06-30", "series": 6, "training_rows": [40, 80],
        "settings": {"regParam": 0.01, "elasticNetParam": 1.0}, "windows": windows, "importance": importance,
    }  # fmt: skip


@pytest.fixture(scope="module")
def server(mlflow_programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("mlflow")
    with running(mlflow_programs, folder, "--artifacts-destination", str(folder / "artifacts")) as url:
        yield url


@contextmanager
def running(programs: Path, folder: Path, *options: str) -> Iterator[str]:
    """The address of a server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [programs / "mlflow", "server", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", *options]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            wait_for(
                lambda: is_up(url),
                "MLflow",
                state=(folder / "log").read_text,
                is_running=lambda: process.poll() is None,
                patience=SECONDS,
                pause=0.5,
            )
            yield url
        finally:
            process.terminate()
            process.wait(60)


def is_up(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def read(url: str, address: str, **values: str) -> Any:
    with urllib.request.urlopen(f"{url}/{address}?{urllib.parse.urlencode(values)}", timeout=60) as answer:
        return json.loads(answer.read())


def post(url: str, address: str, values: dict[str, Any]) -> Any:
    request = urllib.request.Request(f"{url}/{address}", json.dumps(values).encode(), HEADERS)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


@pytest.mark.long
def test_a_run_has_the_settings_errors_and_importance(server: str) -> None:
    logged = report()
    first, second = (Tracking(server).log(logged, START, END) for _ in range(2))
    experiment = read(server, "api/2.0/mlflow/experiments/get-by-name", experiment_name=EXPERIMENT)["experiment"]
    assert (
        first.rsplit("/", 1)[0]
        == second.rsplit("/", 1)[0]
        == f"{server}/#/experiments/{experiment['experiment_id']}/runs"
    )
    number = first.rsplit("/", 1)[1]
    run = read(server, "api/2.0/mlflow/runs/get", run_id=number)["run"]
    assert (run["info"]["status"], run["info"]["run_name"]) == ("FINISHED", "units until 2026-06-30")
    assert (int(run["info"]["end_time"]) - int(run["info"]["start_time"])) == 240_000
    assert {each["key"]: each["value"] for each in run["data"]["params"]} == {
        "target": "units", "horizon": "28", "last_day": "2026-06-30", "series": "6", "training_rows": "40, 80",
        "regParam": "0.01", "elasticNetParam": "1.0",
    }  # fmt: skip
    metrics = {each["key"]: each["value"] for each in run["data"]["metrics"]}
    expected = {
        f"{'window_' if row['cutoff_date'] else ''}{name}.{row['method'].replace(' ', '_')}.{row['level']}": row[name]
        for row in logged["windows"]
        for name in MEASURES
    }
    assert metrics == expected
    key = "window_mae.regression.level 3"
    history = read(server, "api/2.0/mlflow/metrics/get-history", run_id=number, metric_key=key)["metrics"]
    days = [datetime.fromtimestamp(int(each["timestamp"]) / 1000, UTC).date().isoformat() for each in history]
    assert [*zip(days, (each["step"] for each in history), strict=True)] == [(CUTOFFS[0], 1), (CUTOFFS[1], 2)]
    stored = run["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    assert read(server, f"api/2.0/mlflow-artifacts/artifacts/{stored}/comparison.json") == logged
    artifact = f"api/2.0/mlflow-artifacts/artifacts/{stored}/importance.json"
    assert read(server, artifact) == {"weekday": 0.75, "lag_7": 0.25}


@pytest.mark.long
def test_a_run_that_cannot_be_logged_is_marked_as_failed(server: str) -> None:
    broken = report() | {"settings": {"not a name?": 1.0}}
    with pytest.raises(Unavailable, match=r"answered 400 to POST /api/2.0/mlflow/runs/log-batch"):
        Tracking(server).log(broken, START, END)
    experiment = read(server, "api/2.0/mlflow/experiments/get-by-name", experiment_name=EXPERIMENT)["experiment"]
    failed = {"experiment_ids": [experiment["experiment_id"]], "filter": "attributes.status = 'FAILED'"}
    assert len(post(server, "api/2.0/mlflow/runs/search", failed)["runs"]) == 1


@pytest.mark.long
def test_an_experiment_that_is_deleted_in_mlflow(server: str) -> None:
    before = Tracking(server)
    experiment = read(server, "api/2.0/mlflow/experiments/get-by-name", experiment_name=EXPERIMENT)["experiment"]
    number = {"experiment_id": experiment["experiment_id"]}
    post(server, "api/2.0/mlflow/experiments/delete", number)
    with pytest.raises(Rejected, match=f"mlflow experiments restore --experiment-id {experiment['experiment_id']}"):
        Tracking(server)
    result = forecast.log_comparison(report(), before, START, END)
    reason = f"MLflow at {server} answered 400 to POST /api/2.0/mlflow/runs/create."
    assert (result.code, result.data) == (1, report() | {"run_error": reason})
    post(server, "api/2.0/mlflow/experiments/restore", number)
    assert forecast.log_comparison(report(), before, START, END).code == 0


@pytest.mark.long
def test_a_server_that_stores_no_artifacts(mlflow_programs: Path, tmp_path: Path) -> None:
    with running(mlflow_programs, tmp_path, "--no-serve-artifacts") as url:
        for _ in range(2):
            with pytest.raises(Rejected, match=r"Start it with --serve-artifacts, and rename this experiment"):
                Tracking(url)


def test_another_address() -> None:
    with pytest.raises(Rejected, match="Enter the address of the MLflow server"):
        Tracking("file:///etc")
    with pytest.raises(Unavailable, match="cannot be reached"):
        Tracking("http://127.0.0.1:9")
