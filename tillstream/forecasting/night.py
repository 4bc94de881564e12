"""The forecast of a server: made in the background, stopped with the server and continued by the next one."""

from threading import Event

from tillstream.forecasting import runs
from tillstream.forecasting.process import FittingProcess
from tillstream.forecasting.run import run
from tillstream.ports import Ports


class Stopped(Exception):
    """The server stops; the next one continues the run."""


def forecast(ports: Ports, stopping: Event) -> list[str]:
    """Make a forecast; return a sentence for each one that drifts. Raises what `run` raises, once an hour."""

    def check(done: int, total: int) -> None:  # noqa: ARG001 - the protocol of progress
        if stopping.is_set():
            raise Stopped

    answered = runs.REQUEST.pending(ports)
    try:
        with FittingProcess() as fitter:
            return list(run(ports, fitter, progress=check).drifting)
    except Stopped:
        return []
    except Exception:
        runs.note_failure(ports, answered)
        raise
