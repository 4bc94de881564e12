"""Threads of the HTTP server: a fixed number for requests, and one of its own for each open event stream."""

import itertools
import threading
import time
from typing import Any, Protocol

from waitress.task import ThreadedTaskDispatcher

THREADS = 16
"""Requests answered at the same time. Requests of tills share a commit while they wait for the disk: the more of them
there are, the fewer the commits."""
CONNECTIONS = 800
"""Maximum open connections; each stream is one, and browsers keep several more."""


class Streams(Protocol):
    """The event streams of the portal."""

    def give_threads(self) -> None:
        """Allow many streams, because each has a thread of its own."""

    def is_stream(self, path: str) -> bool: ...

    def end(self) -> None:
        """End all streams."""


class TaskDispatcher(ThreadedTaskDispatcher):
    """Task dispatcher whose event streams, idle most of the time, take no thread from requests.

    At shutdown it ends them, since shutdown waits for all threads.
    """

    def __init__(self, streams: Streams, threads: int = THREADS) -> None:
        super().__init__()
        self._streams = streams
        streams.give_threads()
        self._own: set[threading.Thread] = set()
        self._is_ending = False
        self._numbers = itertools.count(1)
        self.set_thread_count(threads)

    def add_task(self, task: Any) -> None:
        if not self._is_stream(task):
            super().add_task(task)
            return
        thread = threading.Thread(target=self._serve, args=(task,), name=f"stream-{next(self._numbers)}", daemon=True)
        with self.lock:
            self._own.add(thread)
            thread.start()  # so that a shutdown joins started threads only

    def _is_stream(self, task: Any) -> bool:
        request = next(iter(getattr(task, "requests", ())), None)
        return request is not None and not request.error and self._streams.is_stream(request.path)

    def _serve(self, task: Any) -> None:
        try:
            task.service()
        except BaseException:
            if not self._is_ending:  # else the server may have closed what a late thread writes to
                self.logger.exception("Exception when servicing %r", task)
        finally:
            with self.lock:
                self._own.discard(threading.current_thread())

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> Any:  # noqa: FBT001, FBT002 - as inherited
        self._is_ending = True
        self._streams.end()
        deadline = time.monotonic() + timeout
        with self.lock:
            own = list(self._own)
        for thread in own:
            thread.join(max(0, deadline - time.monotonic()))
        return super().shutdown(cancel_pending, timeout)
