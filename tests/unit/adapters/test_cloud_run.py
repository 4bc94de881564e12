"""Cloud Run: functions are called over HTTP, and runs of jobs are started through its API."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from threads import PATIENCE
from unit.adapters.http_double import Answer, HTTPDouble, serve

from devtools.local_jobs import LocalJobs, served
from tillstream.adapters.google.cloud_run import CloudRunFunctions, CloudRunJobs
from tillstream.model.errors import Conflict, NotFound, Rejected, TillstreamError, TooLarge, Unavailable
from tillstream.ports.jobs import DECIDE_FUNCTION, SETTLE_LARGE_JOB, SWEEP_FUNCTION, error_to_json


class NoSuchBatch(NotFound):
    """An error of one module, which the port does not have."""


RAISED: dict[str, TillstreamError] = {
    "large": TooLarge("Too many rows."),
    "other": NoSuchBatch("There is no batch."),
    "no": Rejected("Not possible."),
    "late": Conflict("Changed."),
    "down": Unavailable("BigQuery does not answer."),
}
timed_out = threading.Event()
"""Whether the caller of the slow function waits no more."""


def answer(_: str, path: str, body: Any) -> Answer:
    if path == "/slow":
        assert timed_out.wait(PATIENCE)
    if path == "/broken":
        return 500, "the instance ended"
    error = RAISED.get(body["work"])
    return (422, error_to_json(error)) if error else (200, {"echo": body})


@pytest.fixture
def server() -> Iterator[HTTPDouble]:
    with serve(answer) as double:
        yield double


@pytest.fixture
def functions(server: HTTPDouble) -> Iterator[CloudRunFunctions]:
    functions = CloudRunFunctions({DECIDE_FUNCTION: f"{server.address}/decide"})
    yield functions
    functions.close()


def test_the_answer_is_the_json_of_the_function(functions: CloudRunFunctions, server: HTTPDouble) -> None:
    assert functions.call(DECIDE_FUNCTION, {"work": "undo"}, 5.0) == {"echo": {"work": "undo"}}
    assert server.requests == [("POST", "/decide", {"work": "undo"})]


@pytest.mark.parametrize(
    ("work", "kind"),
    [("large", TooLarge), ("other", NotFound), ("no", Rejected), ("late", Conflict), ("down", Unavailable)],
)
def test_an_error_of_the_function_is_raised_with_its_message(
    functions: CloudRunFunctions, work: str, kind: type[TillstreamError]
) -> None:
    with pytest.raises(TillstreamError) as raised:
        functions.call(DECIDE_FUNCTION, {"work": work}, 5.0)
    assert (type(raised.value), str(raised.value)) == (kind, str(RAISED[work]))


def test_no_answer_is_unavailable(functions: CloudRunFunctions, server: HTTPDouble) -> None:
    with pytest.raises(Unavailable, match="is not deployed"):
        functions.call(SWEEP_FUNCTION, {"work": ""}, 5.0)
    for path, within, message in (
        ("slow", 0.1, "within 0.1 seconds"),
        ("broken", 5.0, r"answer: 500 [A-Z][\w ]+\.$"),
    ):
        one = CloudRunFunctions({DECIDE_FUNCTION: f"{server.address}/{path}"})
        with pytest.raises(Unavailable, match=message):
            one.call(DECIDE_FUNCTION, {"work": "undo"}, within)
        timed_out.set()
        one.close()
    nowhere = CloudRunFunctions({DECIDE_FUNCTION: "http://127.0.0.1:9/"})
    with pytest.raises(Unavailable, match="does not answer"):
        nowhere.call(DECIDE_FUNCTION, {"work": "undo"}, 5.0)
    nowhere.close()


@pytest.fixture
def local(tmp_path: Path) -> LocalJobs:
    return LocalJobs(tmp_path)


@pytest.fixture
def jobs(local: LocalJobs, tmp_path: Path) -> Iterator[CloudRunJobs]:
    local.variables = {"TILLSTREAM_HOME": str(tmp_path / "home"), "TILLSTREAM_SAMPLES": "false"}
    with served(local) as address:
        jobs = CloudRunJobs("shop", "europe-west1", address)
        yield jobs
        jobs.close()


def test_a_run_is_a_process_of_the_command(jobs: CloudRunJobs, local: LocalJobs, tmp_path: Path) -> None:
    jobs.start(SETTLE_LARGE_JOB)
    (process,) = local.processes
    assert process.wait(60) == 0, (tmp_path / "job-settle-large.log").read_text()
    assert (tmp_path / "job-settle-large.log").read_text() == "Nothing was to be settled.\n"


def test_a_job_that_is_not_deployed_and_an_address_without_a_service_are_unavailable(jobs: CloudRunJobs) -> None:
    with pytest.raises(Unavailable, match="settle-nothing is not deployed"):
        jobs.start("settle-nothing")
    with pytest.raises(Unavailable, match="cannot be started"):
        CloudRunJobs("shop", "europe-west1", "http://127.0.0.1:9").start(SETTLE_LARGE_JOB)
