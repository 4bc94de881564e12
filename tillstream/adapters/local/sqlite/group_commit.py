"""Group commit: callers that arrive while a commit runs share the next one, which is synced to the disk once."""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Work = TypeVar("Work")
Result = TypeVar("Result")


class _Pending(Generic[Work, Result]):
    def __init__(self, work: Work) -> None:
        self.work = work
        self.results: list[Result] = []
        self.error: BaseException | None = None
        self.is_to_commit = False
        self._notice = threading.Lock()
        self._notice.acquire()

    @property
    def is_done(self) -> bool:
        return bool(self.results) or self.error is not None

    def wait(self) -> None:
        """Wait until the work is done, or this caller is to commit."""
        self._notice.acquire()

    def notify(self) -> None:
        self._notice.release()


class GroupCommit(Generic[Work, Result]):
    """commit: stores all of the work durably or raises; returns a result for each. It runs in one thread at a time.

    Without concurrent callers each call is a commit of its own, without a delay. Each caller waits for a notice of its
    own: if all queued for one lock, they would pass it on one by one before the next commit could start.
    """

    def __init__(self, commit: Callable[[Sequence[Work]], Sequence[Result]], most: int = 1_000) -> None:
        self._commit = commit
        self._most = most
        self._waiting: list[_Pending[Work, Result]] = []
        self._lock = threading.Lock()
        self._is_committing = False

    @property
    def waiting(self) -> int:
        """Callers whose work is in no commit yet."""
        with self._lock:
            return len(self._waiting)

    def run(self, work: Work) -> Result:
        """Return the result of this work once it is stored. Raises what `commit` raises, also for its companions."""
        pending: _Pending[Work, Result] = _Pending(work)
        with self._lock:
            self._waiting.append(pending)
            has_to_wait, self._is_committing = self._is_committing, True
        if has_to_wait:
            self._wait(pending)
        if not pending.is_done:
            self._commit_group()
        if pending.error is not None:
            raise pending.error
        return pending.results[0]

    def _wait(self, pending: _Pending[Work, Result]) -> None:
        try:
            pending.wait()
        except BaseException:  # an interrupt: the work may or may not be stored
            with self._lock:
                self._waiting = [each for each in self._waiting if each is not pending]
                if pending.is_to_commit:
                    self._appoint()
            raise

    def _appoint(self) -> None:
        """Let the first of those who wait commit, if there is one. Call with the lock."""
        self._is_committing = bool(self._waiting)
        for following in self._waiting[:1]:
            following.is_to_commit = True
            following.notify()

    def _commit_group(self) -> None:
        """Commit for those who wait, the calling thread first among them; then one of the others is to commit."""
        with self._lock:
            group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        try:
            for each, result in zip(group, self._commit([each.work for each in group]), strict=True):
                each.results.append(result)
        except BaseException as error:
            for each in group:
                each.error = error
            if not isinstance(error, Exception):
                raise
        finally:
            with self._lock:
                self._appoint()
            for each in group[1:]:
                each.notify()
