"""Ownership of the folder of everything local, and the address of its server.

One process at a time works in the folder, holding `owner.lock`. The next one waits for it holding `turnstile.lock`,
which makes the lock fair: with plain polling the process that just released it tends to win again. The locks end with
their process: a killed owner frees the folder. Child processes must be spawned, never forked.
"""

import json
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from tillstream.adapters.local.files import command_calls
from tillstream.adapters.local.files.process_start import has_ended, process_start
from tillstream.domain.errors import Occupied, ReadOnly, Unavailable

POLL_SECONDS = 0.005
FOREVER = -1.0
_OWNED: dict[Path, tuple[FileLock, os.stat_result]] = {}
"""The locks that this process holds, and their files, by home."""
LOCKS = ("turnstile.lock", "owner.lock")
PRIVATE = stat.S_IRUSR | stat.S_IWUSR
ADDRESS = re.compile(r"http://[0-9A-Za-z.:\[\]_-]+:[0-9]{1,5}")
OTHER_HOME = "Set TILLSTREAM_HOME to a folder that you can write to."


@dataclass(frozen=True)
class ServerAddress:
    """How commands reach the server that owns the folder: a base URL, its token, and its process."""

    address: str
    token: str
    pid: int
    start: str = ""
    """Of the process, as `process_start` gives it: another process may have the number by now."""


class Folder:
    def __init__(self, home: Path) -> None:
        self.home = home
        self._server = home / "server.json"

    @contextmanager
    def own(self, wait: float | None = None) -> Iterator[None]:
        """Own the folder within the block.

        Raises `Occupied` after `wait` seconds (None: wait forever), `ReadOnly` if the folder exists but cannot be
        written, and `Unavailable` if it cannot be created.
        """
        self._check()
        turnstile, owner = map(self._lock, LOCKS)
        deadline = None if wait is None else time.monotonic() + wait
        try:
            with turnstile.acquire(timeout=_remaining(deadline)):
                owner.acquire(timeout=_remaining(deadline))
        except Timeout as exc:
            raise Occupied(f"Another Tillstream process uses {self.home} and did not finish in time.") from exc
        except OSError as exc:
            raise Unavailable(f"The folder {self.home} cannot be locked: {exc}.") from exc
        _OWNED[self.home] = owner, (self.home / LOCKS[1]).stat()
        try:
            yield
        finally:
            _OWNED.pop(self.home)[0].release()
            owner.release()

    def check_lock(self) -> None:
        """Lock the file again if it was removed or replaced while this process owns the folder.

        Raises `Occupied` if another process owns it meanwhile: stop one of them.
        """
        path = self.home / LOCKS[1]
        if self.home not in _OWNED or (path.exists() and os.path.samestat(path.stat(), _OWNED[self.home][1])):
            return
        again = self._lock(LOCKS[1])
        try:
            again.acquire(timeout=0)
        except Timeout as exc:
            raise Occupied(
                f"{path} was removed while this process worked, and another process works in {self.home} now.",
                "Stop both, run `tillstream sweep`, then start one.",
            ) from exc
        _OWNED[self.home] = again, path.stat()

    def _check(self) -> None:
        """Create the folder and check that it is writable: the lock library retries some errors for ever.

        Only its user can enter a new folder. An existing one keeps its permissions: others may drop files in it.
        """
        if not self.home.is_dir():
            try:
                command_calls.create_private_folder(self.home)
            except FileExistsError as exc:
                if not self.home.is_dir():  # another process has just created it
                    raise Unavailable(f"{self.home} is a file. {OTHER_HOME}") from exc
            except OSError as exc:
                raise Unavailable(f"The folder {self.home} cannot be created: {exc.strerror}. {OTHER_HOME}") from exc
        try:
            for name in LOCKS:
                (self.home / name).open("ab").close()
        except OSError as exc:
            raise ReadOnly(f"The folder {self.home} is not writable: {exc.strerror}. {OTHER_HOME}") from exc

    def announce_server(self, address: str, token: str) -> None:
        """Publish this process as the server, and accept calls; only for the owner of the folder."""
        command_calls.open_calls(self.home)
        server = ServerAddress(address, token, os.getpid(), process_start(os.getpid()))
        self.write_private(self._server.name, json.dumps(asdict(server)))

    def write_private(self, name: str, text: str) -> Path:
        """Write a file that only its user can read, and return its path; an older one is replaced atomically."""
        path, temporary = self.home / name, self.home / f".{name}.{secrets.token_hex(8)}"
        try:
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "w") as file:
                temporary.chmod(PRIVATE)  # some umasks take the right to read it from the user too
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        return path

    def find_server(self) -> ServerAddress | None:
        """The published address, unless its process has ended; others lose a right to read the file that they got.

        Where the system does not show which processes run, the server may be dead or replaced by now: after a rejected
        token, read it again.
        """
        with suppress(OSError, ValueError, TypeError):
            if stat.S_IMODE(self._server.lstat().st_mode) & ~PRIVATE:
                with suppress(OSError):  # not the owner, or a file system without permissions
                    self._server.chmod(PRIVATE)
            server = ServerAddress(**json.loads(self._server.read_text("utf-8")))
            if isinstance(server.token, str) and ADDRESS.fullmatch(server.address):
                return None if has_ended(server.pid, server.start) else server
        return None

    def prepared_call(self, server: ServerAddress, name: str, body: bytes) -> AbstractContextManager[str]:
        """Make the call of a command, as `command_calls.prepared_call`."""
        return command_calls.prepared_call(self.home, server.token, name, body)

    def take_call(self, token: str, number: str, name: str, body: bytes) -> str:
        """Return the operating system's user who made a call, as `command_calls.take_call`."""
        return command_calls.take_call(self.home, token, number, name, body)

    def forget_server(self) -> None:
        """Remove the server's address and its calls, before the folder is released. Idempotent."""
        self._server.unlink(missing_ok=True)
        command_calls.close_calls(self.home)

    def _lock(self, name: str) -> FileLock:
        # A new lock object each time, so that threads of one process compete as processes do.
        return FileLock(self.home / name, poll_interval=POLL_SECONDS, thread_local=False)


def _remaining(deadline: float | None) -> float:
    return FOREVER if deadline is None else max(deadline - time.monotonic(), 0.0)
