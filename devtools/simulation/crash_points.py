"""A process that ends between two steps: wrappers of the ports raise before or after a call that changes something.

`Crash` is no `Exception`, so the product cannot catch it. The effect of the call stays; later steps do not happen.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from tillstream.app import App


class Crash(BaseException):
    """The process has ended."""


@dataclass
class Fuse:
    """Counts calls; ends the process at call `at`, before or after it. at: 0 for never."""

    at: int = 0
    is_after: bool = False
    calls: int = 0
    crashes: int = 0

    @contextmanager
    def around(self) -> Iterator[None]:
        self.calls += 1
        is_last = self.at > 0 and self.calls >= self.at
        if is_last and not self.is_after:
            self._end()
        yield
        if is_last:
            self._end()

    def arm(self, calls: int, *, is_after: bool) -> None:
        """End the process at a call from now."""
        self.at, self.is_after = self.calls + calls, is_after

    def _end(self) -> None:
        self.at = 0
        self.crashes += 1
        raise Crash


class _Guarded:
    """A port whose changing methods pass the fuse."""

    def __init__(self, inner: Any, fuse: Fuse, *methods: str) -> None:
        self._inner, self._fuse, self._methods = inner, fuse, methods

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        return self._passing(method) if name in self._methods else method

    def _passing(self, method: Any) -> Any:
        def call(*args: Any, **options: Any) -> Any:
            with self._fuse.around():
                return method(*args, **options)

        return call


class _Objects(_Guarded):
    @contextmanager
    def writer(self, *args: Any, **options: Any) -> Iterator[Any]:
        with self._fuse.around(), self._inner.writer(*args, **options) as writer:
            yield writer


def with_crashes(app: App, fuse: Fuse) -> App:
    """The same app; its ports pass the fuse."""
    ports = app.ports
    objects: Any = _Objects(ports.objects, fuse, "delete")
    documents: Any = _Guarded(ports.documents, fuse, "put", "put_all")
    bus: Any = _Guarded(ports.bus, fuse, "publish", "acknowledge", "extend")
    warehouse: Any = _Guarded(ports.warehouse, fuse, "settle", "refresh_totals")
    guarded = replace(ports, objects=objects, documents=documents, bus=bus, warehouse=warehouse)
    return replace(app, ports=guarded)
