"""What a `Job` and a `DocumentLease` keep to on every DocumentStore, whatever becomes of the processes at work."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from large_settlements import StartedJobs

from tillstream.adapters.local.clock import ManualClock
from tillstream.model.errors import Unavailable
from tillstream.ports import Ports
from tillstream.ports.documents import DocumentStore
from tillstream.records import sales_loads
from tillstream.records.jobs import FORGOTTEN, RESERVED_FOR, DocumentLease, Job, RecordedJob

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TIDY, OTHER = RecordedJob("tidy", collection="tidyings"), Job("other", longest_wait=MINUTE)


@dataclass(frozen=True)
class Tidying:
    ended_at: str
    rooms: tuple[str, ...] = ()


def crash_after_a_step(ports: Ports, clock: ManualClock) -> None:
    clock.advance(RESERVED_FOR.total_seconds() - 1)
    TIDY.renew(ports)
    raise KeyboardInterrupt


class JobContract:
    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock(datetime(2026, 7, 1, 12, tzinfo=UTC))

    @pytest.fixture
    def started(self) -> StartedJobs:
        return StartedJobs()

    @pytest.fixture
    def project(self, documents: DocumentStore, clock: ManualClock, started: StartedJobs) -> Ports:
        return cast("Ports", SimpleNamespace(documents=documents, clock=clock, jobs=started))

    def test_a_request_is_kept_until_a_run_that_began_after_it_has_ended(self, project: Ports) -> None:
        TIDY.request(project)
        answered = TIDY.pending(project)
        assert answered is not None
        TIDY.request(project)  # during the run, which may have read its input before
        TIDY.answer(project, answered)
        again = TIDY.pending(project)
        assert again is not None
        TIDY.answer(project, again)
        TIDY.answer(project, again)
        TIDY.answer(project, None)
        assert TIDY.pending(project) is None

    def test_one_run_is_started_and_the_next_one_after_it(self, project: Ports, started: StartedJobs) -> None:
        assert [TIDY.start(project) for _ in range(3)] == [True, False, False]
        assert OTHER.start(project), "each job for itself"
        with TIDY.reserved(project):
            assert not TIDY.start(project)
        assert TIDY.start(project)
        assert started.starts == ["tidy", "other", "tidy"]

    def test_a_run_that_crashed_is_followed_after_its_reservation(self, project: Ports, clock: ManualClock) -> None:
        with pytest.raises(KeyboardInterrupt), TIDY.reserved(project):
            crash_after_a_step(project, clock)
        clock.advance(RESERVED_FOR.total_seconds() - 1)
        assert not TIDY.start(project)
        clock.advance(1)
        assert TIDY.start(project)

    def test_what_cannot_be_started_is_free_for_the_next_try(self, project: Ports, started: StartedJobs) -> None:
        started.is_reachable = False
        with pytest.raises(Unavailable):
            TIDY.start(project)
        started.is_reachable = True
        assert TIDY.start(project)

    def test_it_waits_for_a_load_but_not_for_ever(self, project: Ports, clock: ManualClock) -> None:
        assert not TIDY.must_wait(project)
        waits = []
        for _ in range(9):
            sales_loads.begin(project, "files")
            waits.append(TIDY.must_wait(project))
            assert TIDY.is_waiting(project) is waits[-1]
            clock.advance(HOUR.total_seconds() / 4)
        assert waits == [*[True] * 4, False, *[True] * 4]

    def test_a_wait_ends_with_its_load_and_each_job_has_its_own(self, project: Ports, clock: ManualClock) -> None:
        sales_loads.begin(project, "files")
        assert TIDY.must_wait(project)
        assert OTHER.must_wait(project)
        clock.advance(MINUTE.total_seconds())
        assert (TIDY.must_wait(project), OTHER.must_wait(project)) == (True, False)
        sales_loads.end(project, "files")
        assert (TIDY.is_waiting(project), TIDY.must_wait(project)) == (False, False)

    def test_a_wait_that_was_forgotten_is_no_wait(self, project: Ports, clock: ManualClock) -> None:
        sales_loads.begin(project, "files")
        assert OTHER.must_wait(project)
        clock.advance((MINUTE + FORGOTTEN).total_seconds() + 1)
        sales_loads.begin(project, "files")
        assert OTHER.must_wait(project), "a new load"

    def test_the_last_run_and_the_last_failure_are_recorded(self, project: Ports, clock: ManualClock) -> None:
        assert TIDY.last_run(project, Tidying) is None
        assert not TIDY.has_failed_within(project, HOUR)
        for rooms in (("hall",), ("hall", "attic")):
            TIDY.save_run(project, Tidying("2026-07-01", rooms))
        assert TIDY.last_run(project, Tidying) == Tidying("2026-07-01", ("hall", "attic"))
        TIDY.note_failure(project)
        clock.advance(HOUR.total_seconds() - 1)
        assert TIDY.has_failed_within(project, HOUR)
        clock.advance(1)
        assert not TIDY.has_failed_within(project, HOUR)
        project.documents.put("tidyings", "last", {"ended_at": "2026-07-02", "of_later": 1})
        assert TIDY.last_run(project, Tidying) == Tidying("2026-07-02")

    def test_a_lease_has_one_holder_until_its_end(self, project: Ports) -> None:
        first, second = DocumentLease(project, "leases", "work"), DocumentLease(project, "leases", "work")
        assert not first.is_held()
        assert first.take(MINUTE)
        assert second.is_held()
        assert not second.take(MINUTE)
        second.end()  # of the other holder
        assert first.is_held()
        first.end()
        assert not first.is_held()
        assert second.take(MINUTE)

    def test_a_renewed_lease_lasts_longer_and_a_lost_one_ends_nothing(self, project: Ports, clock: ManualClock) -> None:
        first, second = DocumentLease(project, "leases", "work"), DocumentLease(project, "leases", "work")
        for _ in range(3):
            assert first.take(MINUTE)
            clock.advance(59)
        assert not second.take(MINUTE)
        clock.advance(1)
        assert second.take(MINUTE)
        assert not first.take(MINUTE)
        first.end()
        assert second.is_held()

    def test_a_lease_that_an_earlier_version_ended_is_free(self, project: Ports, clock: ManualClock) -> None:
        until = (clock.now() + MINUTE).isoformat()
        project.documents.put("leases", "work", {"holder": "", "until": until})
        assert DocumentLease(project, "leases", "work").take(MINUTE)
