"""Ownership of the folder of everything local, and the address of its server.

One process at a time works in the folder, holding `owner.lock`. The next one waits for it holding `turnstile.lock`,
which makes the lock fair: with plain polling the process that just released it tends to win again. The locks end with
their process: a killed owner frees the folder. Child processes must be spawned, never forked.
"""

import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from tillstream.domain.errors import Occupied, ReadOnly, Unavailable

POLL_SECONDS = 0.005
FOREVER = -1.0
_OWNED: dict[Path, tuple[FileLock, os.stat_result]] = {}
"""The locks that this process holds, and their files, by home."""
LOCKS = ("turnstile.lock", "owner.lock")
ADDRESS = re.compile(r"http://[0-9A-Za-z.:\[\]_-]+:[0-9]{1,5}")
OTHER_HOME = "Set TILLSTREAM_HOME to a folder that you can write to."


@dataclass(frozen=True)
class ServerAddress:
    """How commands reach the server that owns the folder: a base URL and its token."""

    address: str
    token: str
    pid: int


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
                f"{path} was removed while this process worked, and another process works in {self.home} now. Stop "
                "both, run `tillstream sweep`, then start one."
            ) from exc
        _OWNED[self.home] = again, path.stat()

    def _check(self) -> None:
        """Create the folder and check that it is writable: the lock library retries some errors for ever."""
        try:
            self.home.mkdir(parents=True, exist_ok=True)
        except FileExistsError as exc:
            raise Unavailable(f"{self.home} is a file. {OTHER_HOME}") from exc
        except OSError as exc:
            raise Unavailable(f"The folder {self.home} cannot be created: {exc.strerror}. {OTHER_HOME}") from exc
        try:
            for name in LOCKS:
                (self.home / name).open("ab").close()
        except OSError as exc:
            raise ReadOnly(f"The folder {self.home} is not writable: {exc.strerror}. {OTHER_HOME}") from exc

    def announce_server(self, address: str, token: str) -> None:
        """Publish the server's address; only for the owner of the folder. Only its user can read the token."""
        self.write_private(self._server.name, json.dumps(asdict(ServerAddress(address, token, os.getpid()))))

    def write_private(self, name: str, text: str) -> Path:
        """Write a file that only its user can read, and return its path; an older one is replaced atomically."""
        path, temporary = self.home / name, self.home / f".{name}.{secrets.token_hex(8)}"
        try:
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        return path

    def find_server(self) -> ServerAddress | None:
        """The published address. The server may be dead or replaced by now: after a rejected token, read it again."""
        with suppress(OSError, ValueError, TypeError):
            noticed = ServerAddress(**json.loads(self._server.read_text("utf-8")))
            if isinstance(noticed.token, str) and ADDRESS.fullmatch(noticed.address):
                return noticed
        return None

    def forget_server(self) -> None:
        """Remove the server's address, before the folder is released. Idempotent."""
        self._server.unlink(missing_ok=True)

    def _lock(self, name: str) -> FileLock:
        # A new lock object each time, so that threads of one process compete as processes do.
        return FileLock(self.home / name, poll_interval=POLL_SECONDS, thread_local=False)


def _remaining(deadline: float | None) -> float:
    return FOREVER if deadline is None else max(deadline - time.monotonic(), 0.0)
