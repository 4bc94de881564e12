"""Comparisons as runs of MLflow, through the REST API of its server: no library of MLflow is needed."""

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

from tillstream import __version__
from tillstream.model.errors import Rejected, Unavailable

EXPERIMENT = "tillstream forecasts"
REPORT = "comparison.json"
MEASURES = ("mae", "rmse", "relative_mae", "relative_sum_error", "bias")
SCHEME = "mlflow-artifacts:"
_SECONDS = 30
_BATCH = 500
"""Metrics of a request; the server takes at most 1,000."""
_MISSING = b"RESOURCE_DOES_NOT_EXIST"
_FINISHED, _FAILED = "FINISHED", "FAILED"
_DELETED = "deleted"


class Tracking:
    """An experiment of a server."""

    def __init__(self, url: str) -> None:
        """url: address of the server. Finds or creates the experiment, so that what is wrong is noticed at once.

        Raises `Rejected` and `Unavailable`.
        """
        if not url.startswith(("http://", "https://")):
            raise Rejected("Enter the address of the MLflow server with https://, for example http://127.0.0.1:5000.")
        self._url = url.rstrip("/")
        self._experiment = self._find_experiment()

    def log(self, report: dict[str, Any], started: datetime, ended: datetime) -> str:
        """Log a report as a run, and return the address of its page. Raises `Rejected` and `Unavailable`.

        Parameters: settings, target, days. Metrics: `MEASURES` by method and level, of all windows together and, as
        steps, of each. Artifacts: the report, and what the regression relies on.
        """
        created = self._call(
            "runs/create",
            experiment_id=self._experiment,
            run_name=f"{report['target']} until {report['last_day']}",
            start_time=_milliseconds(started),
            tags=[{"key": "mlflow.source.name", "value": f"tillstream {__version__}"}],
        )["run"]["info"]
        status = _FAILED
        try:
            self._call("runs/log-batch", run_id=created["run_id"], params=list(_parameters(report)))
            metrics = list(_metrics(report, _milliseconds(ended)))
            for start in range(0, len(metrics), _BATCH):
                self._call("runs/log-batch", run_id=created["run_id"], metrics=metrics[start : start + _BATCH])
            importance = {each["feature"]: each["share"] for each in report["importance"]}
            for name, content in ((REPORT, report), ("importance.json", importance)):
                self._store(created["artifact_uri"], name, content)
            status = _FINISHED
        finally:
            self._call("runs/update", run_id=created["run_id"], status=status, end_time=_milliseconds(ended))
        return f"{self._url}/#/experiments/{self._experiment}/runs/{created['run_id']}"

    def _find_experiment(self) -> str:
        """The id of the experiment, which takes runs and artifacts."""
        name = urllib.parse.urlencode({"experiment_name": EXPERIMENT})
        address = f"/api/2.0/mlflow/experiments/get-by-name?{name}"
        existing = self._request("GET", address, missing={})
        if not existing:
            self._call("experiments/create", name=EXPERIMENT)
            existing = self._request("GET", address)
        experiment = existing["experiment"]
        number, folder = str(experiment["experiment_id"]), experiment.get("artifact_location", "")
        if experiment.get("lifecycle_stage") == _DELETED:
            raise Rejected(
                f"The experiment “{EXPERIMENT}” is deleted in MLflow. Restore it: MLFLOW_TRACKING_URI={self._url} "
                f"mlflow experiments restore --experiment-id {number}"
            )
        if not folder.startswith(SCHEME):
            raise Rejected(
                f"The MLflow server stores no artifacts of the experiment “{EXPERIMENT}”, but refers to {folder}. "
                "Start it with --serve-artifacts, and rename this experiment in MLflow: a new one is created."
            )
        return number

    def _store(self, folder: str, name: str, content: Any) -> None:
        """Store JSON as an artifact."""
        path = urllib.parse.urlsplit(folder).path.strip("/")
        address = f"/api/2.0/mlflow-artifacts/artifacts/{urllib.parse.quote(path)}/{name}"
        self._request("PUT", address, json.dumps(content, indent=1).encode())

    def _call(self, action: str, **values: Any) -> Any:
        return self._request("POST", f"/api/2.0/mlflow/{action}", json.dumps(values).encode())

    def _request(self, method: str, address: str, body: bytes | None = None, missing: Any = None) -> Any:
        """The JSON of an answer. missing: what is returned for something that does not exist; None: it is an error."""
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._url}{address}", body, headers, method=method)  # noqa: S310 - checked
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            with error:
                reason = error.read()
            if missing is not None and error.code == http.client.NOT_FOUND and _MISSING in reason:
                return missing
            raise Unavailable(f"MLflow at {self._url} answered {error.code} to {method} {address}.") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unavailable(f"MLflow at {self._url} cannot be reached, or is another program: {error}") from error


def _parameters(report: dict[str, Any]) -> Iterator[dict[str, str]]:
    values = {name: report[name] for name in ("target", "horizon", "last_day", "series")} | report["settings"]
    for name, value in values.items():
        yield {"key": name, "value": str(value)}
    yield {"key": "training_rows", "value": ", ".join(str(each) for each in report["training_rows"])}


def _metrics(report: dict[str, Any], ended: int) -> Iterator[dict[str, Any]]:
    """Metrics of all windows together, and those of each window as steps from 1 at the time of its cutoff."""
    cutoffs = sorted({row["cutoff_date"] for row in report["windows"] if row["cutoff_date"]})
    steps = {day: number for number, day in enumerate(cutoffs, start=1)}
    for row in report["windows"]:
        day = row["cutoff_date"]
        kind = f"{row['method'].replace(' ', '_')}.{row['level']}"
        at = _milliseconds(datetime.combine(date.fromisoformat(day), time(), UTC)) if day else ended
        for name in MEASURES:
            if row[name] is not None:
                key = f"{name}.{kind}" if day is None else f"window_{name}.{kind}"
                yield {"key": key, "value": row[name], "timestamp": at, "step": steps.get(day, 0)}


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
