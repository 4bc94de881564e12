"""What errors of Google's services are to us, which calls are tried again, and the pace of bulk writes to Firestore."""

import pytest
import requests
import urllib3
from google.api_core import exceptions as told
from google.auth.exceptions import RefreshError, TransportError

from tillstream.adapters.google.api_retries import DEADLINE, RETRY, TIMEOUT, is_transient, translate_errors
from tillstream.adapters.google.sale_index import WritePace
from tillstream.model.errors import Conflict, NotFound, Rejected, TillstreamError, Unavailable


@pytest.mark.parametrize(
    ("theirs", "class_of_ours", "again"),
    [
        (told.NotFound("x"), NotFound, False),
        (told.PreconditionFailed("x"), Conflict, False),
        (told.Aborted("x"), Conflict, False),
        (told.AlreadyExists("x"), Conflict, False),
        (told.InvalidArgument("x"), Rejected, False),
        (told.TooManyRequests("x"), Unavailable, True),
        (told.ResourceExhausted("x"), Unavailable, True),
        (told.InternalServerError("x"), Unavailable, True),
        (told.ServiceUnavailable("x"), Unavailable, True),
        (told.DeadlineExceeded("x"), Unavailable, True),
        (told.from_http_status(408, "x"), Unavailable, True),
        (told.RetryError("x", cause=None), Unavailable, False),
        (told.Forbidden("x"), Unavailable, False),
        (told.Unauthenticated("x"), Unavailable, False),
        (requests.ConnectionError("x"), Unavailable, True),
        (requests.ReadTimeout("x"), Unavailable, True),
        (ConnectionResetError("x"), Unavailable, True),
        (urllib3.exceptions.ProtocolError("x"), Unavailable, True),
        (TransportError("x"), Unavailable, True),
        (RefreshError("x"), Unavailable, False),
    ],
    ids=repr,
)
def test_an_error_of_theirs_becomes_ours(theirs: Exception, class_of_ours: type[TillstreamError], again: bool) -> None:
    with pytest.raises(class_of_ours, match=r"^inbox/a ") as raised, translate_errors("inbox/a"):
        raise theirs
    assert type(raised.value) is class_of_ours
    assert raised.value.__cause__ is theirs
    assert is_transient(theirs) is again


@pytest.mark.parametrize(
    "unknown", [ValueError("x"), told.FailedPrecondition("x"), told.MethodNotAllowed("x")], ids=repr
)
def test_an_unknown_error_stays_what_it_is(unknown: Exception) -> None:
    with pytest.raises(type(unknown)) as raised, translate_errors("inbox/a"):
        raise unknown
    assert raised.value is unknown
    assert not is_transient(unknown)


def test_ours_stay_ours() -> None:
    with pytest.raises(Conflict, match="said by us"), translate_errors("inbox/a"):
        raise Conflict("said by us")


def test_a_call_that_passes_is_tried_again_after_pauses_that_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    answers = iter([told.ServiceUnavailable("x"), requests.ConnectionError("x"), told.BadGateway("x"), None])

    def call() -> str:
        if error := next(answers):
            raise error
        return "done"

    assert RETRY(call)() == "done"
    assert len(set(pauses)) == 3
    assert all(0 <= pause <= 0.5 * 2**number for number, pause in enumerate(pauses))


def test_what_never_ends_well_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    monkeypatch.setattr("time.monotonic", lambda: now[0])

    def call() -> None:
        now[0] += TIMEOUT
        raise told.ServiceUnavailable("x")

    with pytest.raises(Unavailable), translate_errors("inbox/a"):
        RETRY(call)()
    assert now[0] < DEADLINE + 2 * TIMEOUT


class ManualTime:
    def __init__(self) -> None:
        self.now = 1_000.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def time() -> ManualTime:
    return ManualTime()


@pytest.fixture
def pace(time: ManualTime) -> WritePace:
    return WritePace(time.sleep, time.monotonic)


def test_the_first_writes_pass_at_once_and_the_next_ones_wait(pace: WritePace, time: ManualTime) -> None:
    pace.wait(500)
    assert time.pauses == []
    pace.wait(250)
    pace.wait(1)
    assert time.pauses == pytest.approx([1.0, 0.5])


def test_the_pace_grows_by_half_after_every_five_minutes(pace: WritePace, time: ManualTime) -> None:
    writes = [0, 0, 0, 0]
    while (interval := int(time.now - 1_000) // 300) < len(writes):
        pace.wait(500)
        writes[interval] += 500
    assert writes == pytest.approx([150_000, 225_000, 337_500, 506_250], abs=1_500)


def test_time_that_the_writes_took_is_not_waited_again(pace: WritePace, time: ManualTime) -> None:
    pace.wait(500)
    time.now += 0.75
    pace.wait(500)
    assert time.pauses == pytest.approx([0.25])
    time.now += 0.5
    pace.wait(500)
    assert time.pauses == pytest.approx([0.25, 0.5])


def test_unused_time_is_not_made_up_for(pace: WritePace, time: ManualTime) -> None:
    time.now += 100
    pace.wait(500)
    pace.wait(500)
    assert time.pauses == pytest.approx([1.0])


def test_a_rebuild_of_days_does_not_stop_at_its_pace(pace: WritePace, time: ManualTime) -> None:
    pace.wait(500)
    time.now += 30 * 86_400
    pace.wait(500)
    pace.wait(500)
    assert sum(time.pauses) < 1e-6
