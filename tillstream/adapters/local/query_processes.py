"""Starts a process for each statement of a person, gives it what the person may read, and reads the answer.

The process has no environment, no open file of this one, and no time but its limit; it is killed when its statement is
cancelled or late. On Linux, one process that holds nothing but the loaded libraries forks one for each statement, which
takes milliseconds; elsewhere each one is started.
"""

import array
import atexit
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from queue import Empty, Full, Queue
from typing import Any, BinaryIO, Self, cast

import pyarrow as pa

from tillstream.adapters.local import query_frames
from tillstream.adapters.local.query_frames import ARROW
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected
from tillstream.ports.machine import BrokenFrame, StopReason
from tillstream.ports.warehouse import ANSWER_TOO_LARGE, MAX_AD_HOC_BYTES

LOOK_EVERY = 0.1
"""Seconds between two looks whether a statement is to be stopped."""
ENDED = (
    "The process that ran the statement ended: it needed more memory or time than there is. Read or join fewer rows, "
    "or write the statement in a simpler way."
)
_START = (
    "import sys; sys.path[:] = {path!r}; sys.dont_write_bytecode = True; "
    "from tillstream.query_worker import main; main({forks})"
)
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    # libraries start threads when they are loaded, and the wall binds only those that start behind it
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}


class StartedProcess:
    """A process for one statement. Use it as a context, which ends it.

    tasks, answers: its standard input and output. kill: ends the process, and returns when it has ended.
    """

    def __init__(self, tasks: BinaryIO, answers: BinaryIO, kill: Callable[[], None]) -> None:
        self._tasks, self._answers, self._kill = tasks, answers, kill
        self._ended = threading.Event()
        self._frames: Queue[tuple[bytes, bytes] | BrokenFrame | None] = Queue(maxsize=16)
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._kill()
        with suppress(OSError):  # what was not sent yet has no reader
            self._tasks.close()
        self._reader.join()

    def send(self, value: Mapping[str, Any]) -> None:
        """Raises `Rejected` if the process has ended."""
        try:
            query_frames.write_json(self._tasks, value)
        except OSError as error:
            raise Rejected(ENDED) from error

    def reply(self, stop: StopReason) -> JsonObject:
        """The next frame, as JSON. Raises `Rejected` with the reason to stop, or if the process ended."""
        return query_frames.to_json(self._next(stop))

    def table(self, stop: StopReason) -> pa.Table | JsonObject:
        """The rows of an answer; the frame itself if another one than rows came. Raises `Rejected` as `reply`."""
        parts, size = list[bytes](), 0
        while True:
            kind, content = self._next(stop)
            if kind != ARROW:
                reply = query_frames.to_json((kind, content))
                return _table(parts) if reply.get("done") else reply
            parts.append(content)
            size += len(content)
            if size > 2 * MAX_AD_HOC_BYTES:
                raise Rejected(ANSWER_TOO_LARGE)

    def _next(self, stop: StopReason) -> tuple[bytes, bytes]:
        while True:
            if problem := stop():
                raise Rejected(problem)
            with suppress(Empty):
                frame = self._frames.get(timeout=LOOK_EVERY)
                if frame is None:
                    raise Rejected(stop() or ENDED)
                if isinstance(frame, BrokenFrame):
                    raise frame
                return frame

    def _read(self) -> None:
        """Queue the frames, then None; ends with the process."""
        with self._answers as stream:
            try:
                while (frame := query_frames.read(stream)) is not None and self._queue(frame):
                    pass
            except BrokenFrame as error:
                self._queue(error)
        self._queue(None)

    def _queue(self, frame: tuple[bytes, bytes] | BrokenFrame | None) -> bool:
        while not self._ended.is_set():
            with suppress(Full):
                self._frames.put(frame, timeout=LOOK_EVERY)
                return True
        return False


def _table(parts: Sequence[bytes]) -> pa.Table:
    try:
        table = pa.ipc.open_stream(pa.py_buffer(b"".join(parts))).read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise BrokenFrame("The rows are no Arrow.") from error
    return table


class LocalQueryProcesses:
    """The port on processes of this machine."""

    def start(self) -> StartedProcess:
        return _forks().fork() if sys.platform == "linux" else _spawned()

    def prepare(self) -> None:
        if sys.platform == "linux":
            _forks().prepare()


def _spawned() -> StartedProcess:
    process = _popen(stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def kill() -> None:
        process.kill()
        process.wait()

    return StartedProcess(cast("BinaryIO", process.stdin), cast("BinaryIO", process.stdout), kill)


def _received(line: socket.socket, length: int) -> bytes:
    """A message of this length. Raises `OSError` if the other side has ended."""
    message = line.recv(length)
    if len(message) < length:
        raise OSError("The process has ended.")
    return message


def _popen(**settings: Any) -> "subprocess.Popen[bytes]":
    """Start the program of statements with this process's modules, and nothing else of it."""
    path = [str(Path(entry).absolute()) for entry in sys.path]
    windows = {"SYSTEMROOT": os.environ["SYSTEMROOT"]} if sys.platform == "win32" else {}
    forks = settings.get("pass_fds", (None,))[0]
    return subprocess.Popen(  # noqa: S603 - a program of this package
        [sys.executable, "-I", "-c", _START.format(path=path, forks=forks)],
        stderr=subprocess.DEVNULL,
        env=_ENVIRONMENT | windows,
        cwd=Path(sys.executable).anchor,
        **settings,
    )


class _Forks:
    """The process that forks others. It ends with this one, or when it was not used for a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None

    def prepare(self) -> None:
        with self._lock:
            self._started()

    def fork(self) -> StartedProcess:
        with self._lock:
            for _ in range(2):  # it may end, unused, at this moment
                with suppress(OSError):
                    return self._fork(self._started())
                self._stop()
        raise Rejected(ENDED)

    def _fork(self, line: socket.socket) -> StartedProcess:
        task_end, tasks = os.pipe()
        answers, answer_end = os.pipe()
        try:
            ends = array.array("i", [task_end, answer_end])
            line.sendmsg([b"f"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, ends)])
            number = _received(line, 8)
        except OSError:
            os.close(tasks)
            os.close(answers)
            raise
        finally:
            os.close(task_end)
            os.close(answer_end)
        return StartedProcess(os.fdopen(tasks, "wb"), os.fdopen(answers, "rb"), lambda: self._kill(line, number))

    def _kill(self, line: socket.socket, number: bytes) -> None:
        """Have a process killed by the one that forked it, to which the number still belongs."""
        with self._lock, suppress(OSError):  # ended with all that it forked
            line.sendmsg([b"k" + number])
            line.recv(1)

    def _started(self) -> socket.socket:
        if self._process is None or self._line is None or self._process.poll() is not None:
            self._stop()
            self._line, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with far:
                self._process = _popen(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=(far.fileno(),))
            atexit.unregister(self.stop)
            atexit.register(self.stop)
        return self._line

    def stop(self) -> None:
        with self._lock:
            self._stop()

    def _stop(self) -> None:
        if self._line:
            self._line.close()
        if self._process:
            self._process.kill()
            self._process.wait()
        self._process = self._line = None


@cache
def _forks() -> _Forks:
    return _Forks()
