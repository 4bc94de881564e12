"""Functions are called over HTTP: their results, their errors, and no answer in time."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from threads import PATIENCE
from unit.adapters.http_double import Answer, HTTPDouble, serve

from tillstream.adapters.google.cloud_run import CloudRunFunctions
from tillstream.model.errors import Conflict, NotFound, Rejected, TillstreamError, TooLarge, Unavailable
from tillstream.ports.jobs import DECIDE_FUNCTION, SWEEP_FUNCTION, error_to_json


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
