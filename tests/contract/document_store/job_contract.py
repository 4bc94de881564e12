"""What a `Job` and a `DocumentLease` keep to on every DocumentStore, whatever becomes of the processes at work."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from large_settlements import StartedJobs

from tillstream.adapters.local.clock import ManualClock
from tillstream.model.errors import Unavailable
from tillstream.ports.documents import DocumentStore
from tillstream.records import sales_loads
from tillstream.records.jobs import FORGOTTEN, JOB_RUNS, RESERVED_FOR, DocumentLease, Job, RecordedJob

MINUTE, HOUR, SECOND = timedelta(minutes=1), timedelta(hours=1), timedelta(seconds=1)


@dataclass(frozen=True)
class Tidying:
    ended_at: str
    rooms: tuple[str, ...] = ()


TIDY = RecordedJob("tidy", collection="tidyings", kind=Tidying)
OTHER = Job("other", longest_wait=MINUTE)


def advance(project: Any, by: timedelta) -> None:
    project.clock.advance(by.total_seconds())


def crash_after_a_step(project: Any) -> None:
    advance(project, RESERVED_FOR - SECOND)
    TIDY.renew(project)
    raise KeyboardInterrupt


class JobContract:
    @pytest.fixture
    def project(self, documents: DocumentStore) -> Any:
        clock = ManualClock(datetime(2026, 7, 1, 12, tzinfo=UTC))
        return SimpleNamespace(documents=documents, clock=clock, jobs=StartedJobs())

    def test_a_request_is_kept_until_a_run_that_began_after_it_has_ended(self, project: Any) -> None:
        TIDY.request(project)
        first = TIDY.pending(project)
        TIDY.request(project)  # during the run, which may have read its input before
        TIDY.answer(project, first)
        assert TIDY.is_requested(project)
        second = TIDY.pending(project)
        for answered in (second, second, None):
            TIDY.answer(project, answered)
        assert not TIDY.is_requested(project)

    def test_one_run_is_started_and_the_next_one_after_it(self, project: Any) -> None:
        assert [TIDY.start(project) for _ in range(3)] == [True, False, False]
        assert OTHER.start(project), "each job for itself"
        with TIDY.reserved(project):
            assert not TIDY.start(project)
        assert TIDY.start(project)
        assert project.jobs.starts == ["tidy", "other", "tidy"]

    def test_a_run_that_crashed_is_followed_after_its_reservation(self, project: Any) -> None:
        with pytest.raises(KeyboardInterrupt), TIDY.reserved(project):
            crash_after_a_step(project)
        advance(project, RESERVED_FOR - SECOND)
        assert not TIDY.start(project)
        advance(project, SECOND)
        assert TIDY.start(project)

    def test_what_cannot_be_started_is_free_for_the_next_try(self, project: Any) -> None:
        project.jobs.is_reachable = False
        with pytest.raises(Unavailable):
            TIDY.start(project)
        project.jobs.is_reachable = True
        assert TIDY.start(project)

    def test_without_jobs_nothing_is_started_or_stored(self, project: Any) -> None:
        project.jobs = None
        with TIDY.reserved(project):
            assert not TIDY.start(project)
        assert project.documents.get(JOB_RUNS, "tidy") is None

    def test_it_waits_for_a_load_but_not_for_ever(self, project: Any) -> None:
        waits = [TIDY.must_wait(project)]
        for _ in range(9):
            sales_loads.begin(project, "files")
            waits.append(TIDY.must_wait(project))
            assert TIDY.is_waiting(project) is waits[-1]
            advance(project, HOUR / 4)
        assert waits == [False, *[True] * 4, False, *[True] * 4]

    def test_a_wait_ends_with_its_load_and_each_job_has_its_own(self, project: Any) -> None:
        sales_loads.begin(project, "files")
        assert (TIDY.must_wait(project), OTHER.must_wait(project)) == (True, True)
        advance(project, MINUTE)
        assert (TIDY.must_wait(project), OTHER.must_wait(project)) == (True, False)
        assert OTHER.must_wait(project), "the next wait"
        sales_loads.end(project, "files")
        assert (TIDY.is_waiting(project), TIDY.must_wait(project)) == (False, False)
        advance(project, MINUTE + FORGOTTEN + SECOND)
        sales_loads.begin(project, "others")
        assert OTHER.must_wait(project), "that of an earlier load does not count"

    def test_the_last_run_and_the_last_failure_are_recorded(self, project: Any) -> None:
        assert TIDY.last_run(project) is None
        assert not TIDY.has_failed_within(project, HOUR)
        for rooms in (("hall",), ("hall", "attic")):
            TIDY.save_run(project, Tidying("2026-07-01", rooms))
        assert TIDY.last_run(project) == Tidying("2026-07-01", ("hall", "attic"))
        TIDY.request(project)
        TIDY.note_failure(project, TIDY.pending(project))
        assert not TIDY.is_requested(project), "it is not tried again at once"
        advance(project, HOUR - SECOND)
        assert TIDY.has_failed_within(project, HOUR)
        advance(project, SECOND)
        assert not TIDY.has_failed_within(project, HOUR)
        project.documents.put("tidyings", "last", {"ended_at": "2026-07-02", "of_later": 1})
        assert TIDY.last_run(project) == Tidying("2026-07-02")

    def test_a_lease_has_one_holder_until_its_end(self, project: Any) -> None:
        first, second = (DocumentLease(project, "leases", "work") for _ in range(2))
        assert not first.is_held()
        for _ in range(3):
            assert first.take(MINUTE)
            advance(project, MINUTE - SECOND)
        assert not second.take(MINUTE)
        second.end()  # of the other holder
        assert second.is_held()
        advance(project, SECOND)
        assert second.take(MINUTE)
        assert not first.take(MINUTE)
        first.end()  # it was lost
        assert second.is_held()
        second.end()
        assert not first.is_held()
        by_earlier_version = {"holder": "", "until": (project.clock.now() + MINUTE).isoformat()}
        project.documents.put("leases", "work", by_earlier_version)
        assert first.take(MINUTE), "it was ended"
