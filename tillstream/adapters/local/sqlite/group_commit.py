"""Group commit: callers that arrive while a commit runs share the next one, which is synced to the disk once."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Work = TypeVar("Work")
Result = TypeVar("Result")


@dataclass(eq=False)
class _Pending(Generic[Work, Result]):
    work: Work
    results: list[Result]
    error: BaseException | None = None


class GroupCommit(Generic[Work, Result]):
    """commit: stores all of the work durably or raises; returns a result for each. It runs in one thread at a time.

    Without concurrent callers each call is a commit of its own, without a delay.
    """

    def __init__(self, commit: Callable[[Sequence[Work]], Sequence[Result]], most: int = 1_000) -> None:
        self._commit = commit
        self._most = most
        self._waiting: list[_Pending[Work, Result]] = []
        self._queue, self._committing = threading.Lock(), threading.Lock()

    @property
    def waiting(self) -> int:
        """Callers whose work is in no commit yet."""
        with self._queue:
            return len(self._waiting)

    def run(self, work: Work) -> Result:
        """Return the result of this work once it is stored. Raises what `commit` raises, also for its companions."""
        pending = _Pending[Work, Result](work, [])
        with self._queue:
            self._waiting.append(pending)
        # Whoever holds this lock commits for all that wait; the others have their result when they get it.
        with self._committing:
            while not pending.results and pending.error is None:
                self._commit_next()
        if pending.error is not None:
            raise pending.error
        return pending.results[0]

    def _commit_next(self) -> None:
        with self._queue:
            group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        try:
            results = self._commit([each.work for each in group])
        except BaseException as error:
            for each in group:
                each.error = error
            if not isinstance(error, Exception):
                raise
            return
        for each, result in zip(group, results, strict=True):
            each.results.append(result)
