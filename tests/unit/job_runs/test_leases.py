"""A lease has one holder at a time, who can renew and end it; one that died has it until its time is over."""

from datetime import timedelta

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.records.job_runs import DocumentLease

MINUTE = timedelta(minutes=1)
NAME = ("leases", "work")


def test_another_one_can_take_it_only_after_its_end(app: App) -> None:
    first, second = DocumentLease(app.ports, *NAME), DocumentLease(app.ports, *NAME)
    assert not first.is_held()
    assert first.take(MINUTE)
    assert second.is_held()
    assert not second.take(MINUTE)
    second.end()  # of the other holder
    assert first.is_held()
    first.end()
    assert not first.is_held()
    assert second.take(MINUTE)


def test_a_renewed_lease_lasts_longer(app: App, clock: ManualClock) -> None:
    first, second = DocumentLease(app.ports, *NAME), DocumentLease(app.ports, *NAME)
    for _ in range(3):
        assert first.take(MINUTE)
        clock.advance(59)
    assert not second.take(MINUTE)
    clock.advance(1)
    assert second.take(MINUTE)
    assert not first.take(MINUTE)
    first.end()
    assert second.is_held()


def test_a_lease_that_an_earlier_version_ended_is_free(app: App, clock: ManualClock) -> None:
    until = (clock.now() + MINUTE).isoformat()
    app.ports.documents.put(*NAME, {"holder": "", "until": until})
    assert DocumentLease(app.ports, *NAME).take(MINUTE)
