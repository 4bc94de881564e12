"""What is made when it is first used, because its libraries take long to load."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class OnDemand(Generic[T]):
    """Call it for the object. Thread-safe."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._object: T | None = None

    def __call__(self) -> T:
        with self._lock:
            if self._object is None:
                self._object = self._make()
            return self._object
