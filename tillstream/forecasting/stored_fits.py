"""Fits of windows, kept by what they were made from: a run makes only what an earlier or interrupted one did not."""

import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from tillstream.forecasting.compute import Fitter, MakesAtOnce
from tillstream.forecasting.models.ensemble import ExplainedFit, ForecastFit
from tillstream.forecasting.models.history import SeriesHistory
from tillstream.model.errors import NotFound
from tillstream.model.events import STAGING
from tillstream.ports import Ports

VERSION = 5
"""Increase it whenever a fit of the same history changes."""
FOLDER = "forecasts/fits/"


class StoredFits:
    """A fitter that keeps the fits of windows of another one.

    keeps: whether fits are kept and read; without it, later runs do not take them for those of the model.
    """

    def __init__(self, ports: Ports, fitter: Fitter, *, keeps: bool = True) -> None:
        self._ports = ports
        self._fitter = fitter
        self._keeps = keeps
        self.used: set[str] = set()
        """Names of the objects of the fits that were asked for."""

    def prepare(self, history: SeriesHistory, cutoffs: Sequence[int], horizon: int) -> None:
        """Let a fitter that makes fits at once make those of a history that are not kept, and the newest."""
        if isinstance(self._fitter, MakesAtOnce):
            missing = [each for each in cutoffs if not self._is_kept(history.until(each, horizon), horizon)]
            self._fitter.make(history, missing, horizon, cutoffs[-1])

    def fit(self, history: SeriesHistory, horizon: int) -> ForecastFit:
        """Return the kept fit, or make and keep it."""
        if not self._keeps:
            return self._fitter.fit(history, horizon)
        name = _name(history, horizon)
        self.used.add(name)
        try:
            with self._ports.objects.open(STAGING, name) as stream:
                return _read(stream.read())
        except Exception:  # noqa: BLE001 - missing, or damaged: what reading it raises is arbitrary
            fitted = self._fitter.fit(history, horizon)
        with self._ports.objects.writer(STAGING, name) as stream:
            stream.write(_written(fitted))
        return fitted

    def fit_and_explain(self, history: SeriesHistory, horizon: int, newest_cutoff: int) -> ExplainedFit:
        """Make the newest fit; it is never kept."""
        return self._fitter.fit_and_explain(history, horizon, newest_cutoff)

    def _is_kept(self, history: SeriesHistory, horizon: int) -> bool:
        try:
            self._ports.objects.stat(STAGING, _name(history, horizon))
        except NotFound:
            return False
        return True

    def delete_others(self) -> None:
        """Delete the fits that this run did not use, if it keeps fits."""
        if not self._keeps:
            return
        for stored in list(self._ports.objects.list(STAGING, FOLDER)):
            if stored.name not in self.used:
                self._ports.objects.delete(STAGING, stored.name)


def _name(history: SeriesHistory, horizon: int) -> str:
    return f"{FOLDER}{fit_digest(history, horizon)}.npz"


def fit_digest(history: SeriesHistory, horizon: int) -> str:
    """Return a hash of everything that a fit depends on."""
    fitted = hashlib.sha256(f"{VERSION} {horizon}".encode())
    for part in _parts(history):
        fitted.update(part)
    return fitted.hexdigest()


def _parts(value: Any) -> Iterable[bytes]:
    """The bytes of all fields, in their order."""
    if isinstance(value, np.ndarray):
        numbers = np.ascontiguousarray(value)
        yield f"{numbers.dtype} {numbers.shape}".encode()
        yield numbers.tobytes()
    elif is_dataclass(value):
        for field in fields(value):
            yield field.name.encode()
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, tuple):
        yield str(len(value)).encode()
        for each in value:
            yield from _parts(each)
    else:
        yield repr(value).encode()


def _written(fit: ForecastFit) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, means=fit.means, naive=fit.naive, is_open=fit.is_open)
    return stream.getvalue()


def _read(data: bytes) -> ForecastFit:
    with np.load(io.BytesIO(data)) as arrays:
        return ForecastFit(arrays["means"], arrays["naive"], arrays["is_open"])
