"""Who owns the folder of everything local, and where its server listens.

One process at a time works in the folder, under `owner.lock`. Whoever waits for it holds `turnstile.lock`, so that
turns go round: plain polling lets the process that just let go win again and again.
The locks follow their process: a killed owner frees the folder. Child processes must be spawned, never forked.
"""

import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from tillstream.domain.errors import Occupied, Unavailable

POLL_SECONDS = 0.005
FOREVER = -1.0


@dataclass(frozen=True)
class ServerAddress:
    """Where commands reach the server that owns the folder: a base URL and the token it asks for."""

    address: str
    token: str
    pid: int


class Folder:
    def __init__(self, home: Path) -> None:
        self.home = home
        self._server = home / "server.json"

    @contextmanager
    def own(self, wait: float | None = None) -> Iterator[None]:
        """Own the folder within the block. `wait` at most so many seconds (None: for ever), then `Occupied`."""
        self.home.mkdir(parents=True, exist_ok=True)
        turnstile, owner = self._lock("turnstile.lock"), self._lock("owner.lock")
        give_up_at = None if wait is None else time.monotonic() + wait
        try:
            with turnstile.acquire(timeout=_left(give_up_at)):
                owner.acquire(timeout=_left(give_up_at))
        except Timeout as exc:
            raise Occupied(f"Another Tillstream works in {self.home}; it did not finish in time.") from exc
        except OSError as exc:
            raise Unavailable(f"The folder {self.home} cannot be locked: {exc}.") from exc
        try:
            yield
        finally:
            owner.release()

    def announce_server(self, address: str, token: str) -> None:
        """Tell commands where to go; only the folder's owner may, and only its user can read the token."""
        text = json.dumps(asdict(ServerAddress(address, token, os.getpid())))
        temporary = self.home / f".server.{secrets.token_hex(8)}"
        try:
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._server)
        finally:
            temporary.unlink(missing_ok=True)

    def find_server(self) -> ServerAddress | None:
        """What was announced last. The server may be dead by now, or another one: a refused token means look again."""
        with suppress(OSError, ValueError, TypeError):
            return ServerAddress(**json.loads(self._server.read_text("utf-8")))
        return None

    def forget_server(self) -> None:
        """Say that no server runs, before the folder is let go. Repeatable."""
        self._server.unlink(missing_ok=True)

    def _lock(self, name: str) -> FileLock:
        # A lock object of its own for each turn: threads of one process compete like processes do.
        return FileLock(self.home / name, poll_interval=POLL_SECONDS, thread_local=False)


def _left(give_up_at: float | None) -> float:
    return FOREVER if give_up_at is None else max(give_up_at - time.monotonic(), 0.0)
