"""Runs of jobs are started through the API of Cloud Run; here through its stand-in, which starts processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.local_jobs import LocalJobs, served
from tillstream.adapters.google.cloud_run import CloudRunJobs
from tillstream.model.errors import Unavailable
from tillstream.ports.jobs import SETTLE_LARGE_JOB


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
