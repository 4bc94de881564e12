"""The folder of everything local: its owner, the address of its server, and files of it that are gone or older.

The token of the command API is a text in a file: anyone who reads that file, through any hole, has it. So each call is
also an empty file in a private folder of the home, named by an HMAC of the call under the token. The server checks
with the operating system who made the file, and removes it: a call is valid once, for one command with its
arguments. Reading alone proves nothing.

One process at a time works in the folder, holding `owner.lock`. The next one waits for it holding `turnstile.lock`,
which makes the lock fair: with plain polling the process that just released it tends to win again. The locks end with
their process: a killed owner frees the folder. Child processes must be spawned, never forked.
"""

import hmac
import json
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from tillstream.adapters.local.clock import EPOCH
from tillstream.adapters.local.sqlite.event_bus import ACCEPTED, SQLiteEventBus
from tillstream.model.errors import Occupied, ReadOnly, Unavailable
from tillstream.ports.documents import DocumentStore
from tillstream.ports.files import FileFinding, LostContent
from tillstream.system_user import ROOT, own_id, user_name

PROC = Path("/proc")
CALLS_FOLDER = "calls"
"""Folder in the home."""

POLL_SECONDS = 0.005
FOREVER = -1.0
_OWNED: dict[Path, tuple[FileLock, os.stat_result]] = {}
"""The locks that this process holds, and their files, by home."""
OWNER_LOCKS = ("turnstile.lock", "owner.lock")
PRIVATE_MODE = stat.S_IRUSR | stat.S_IWUSR
SERVER_ADDRESS = re.compile(r"http://[0-9A-Za-z.:\[\]_-]+:[0-9]{1,5}")
OTHER_HOME = "Set TILLSTREAM_HOME to a folder that you can write to."

NOTED_QUEUE = ("upkeep", "queue")
"""Document with the last sequence of the queue that was noted."""
SEND_AGAIN = (
    "Sales that were accepted shortly before and not stored yet are lost. Tills of the till agent send them again by "
    "themselves; send others again."
)
READ_AGAIN = "Let programs that receive sale events read the sales since then again, and accept the loss."
STORED_TEXT = "Files and sales that are stored are loaded all the same."
DOCUMENTS_TEXT = (
    "documents.sqlite was missing or empty and was created again. The uploads in the ledger are recorded again. "
    "Accounts, tokens, the audit log and decisions about held files are lost."
)
DOCUMENTS_REMEDY = "Restore a backup, or make the accounts and tokens again and accept the loss."


def process_start(pid: int) -> str:
    """When a process started, as text to compare: the system's clock ticks and the namespace of its number.

    Empty if the process does not run, or on systems other than Linux.
    """
    with suppress(OSError, ValueError, IndexError):
        # the name of the program, in parentheses, may contain spaces and parentheses itself
        after_name = (PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return f"{_namespace()} {int(after_name[19])}"
    return ""


def has_ended(pid: int, start: str) -> bool:
    """Whether the process with this number and start has certainly ended; False where that is unknown."""
    if not start or start.partition(" ")[0] != _namespace():  # another container, or another system
        return False
    return process_start(pid) != start


def _namespace() -> str:
    with suppress(OSError):
        return str((PROC / "self/ns/pid").readlink())
    return ""


def open_calls(home: Path) -> None:
    """Create the folder of calls, for its user alone; what an earlier server left in it is gone. Raises `OSError`."""
    close_calls(home)
    create_private_folder(home / CALLS_FOLDER)


def close_calls(home: Path) -> None:
    """Remove the folder of calls, or a file or link of its name. Idempotent."""
    with suppress(OSError):  # a folder, or gone
        (home / CALLS_FOLDER).unlink()
    shutil.rmtree(home / CALLS_FOLDER, ignore_errors=True)


def create_private_folder(path: Path) -> None:
    """Create a folder that only its user can enter, whatever the umask. Raises `OSError`."""
    path.mkdir(parents=True)
    path.chmod(stat.S_IRWXU)


@contextmanager
def prepared_call(home: Path, token: str, name: str, body: bytes) -> Iterator[str]:
    """`make_call` for the block; yields the number of the call."""
    number = make_call(home, token, name, body)
    try:
        yield number
    finally:
        with suppress(OSError):  # the server has removed it, or has ended
            _path(home, token, number, name, body).unlink(missing_ok=True)


def make_call(home: Path, token: str, name: str, body: bytes) -> str:
    """Make the call of a command, and return its number, which the server asks for.

    name: the command. body: its arguments, as they are sent. Raises `OSError`, for example `FileNotFoundError` if no
    server of this version runs.
    """
    number = secrets.token_hex(16)
    path = _path(home, token, number, name, body)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR))
    return number


def take_call(home: Path, token: str, number: str, name: str, body: bytes) -> str:
    """Remove a call and return the operating system's user who made it; empty where that is unknown.

    Raises `PermissionError` if there is no such call, or if another user than that of this process or root made it.
    """
    path = _path(home, token, number, name, body)
    try:
        made = path.lstat()
        path.unlink()  # only one of two equal requests can remove it
    except OSError as error:
        raise PermissionError("The call is not in the home folder.") from error
    if not stat.S_ISREG(made.st_mode) or made.st_uid not in (own_id(), ROOT):
        raise PermissionError("The call was made by another user.")
    return user_name(made.st_uid)


def _path(home: Path, token: str, number: str, name: str, body: bytes) -> Path:
    call = b"\0".join((number.encode(), name.encode(), body))
    return home / CALLS_FOLDER / hmac.digest(token.encode(), call, "sha256").hex()


@dataclass(frozen=True)
class ServerAddress:
    """How commands reach the server that owns the folder: a base URL, its token, and its process."""

    address: str
    token: str
    pid: int
    start: str = ""
    """Of the process, as `process_start` gives it: another process may have the number by now."""


class HomeFolder:
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
        turnstile, owner = map(self._lock, OWNER_LOCKS)
        deadline = None if wait is None else time.monotonic() + wait
        try:
            with turnstile.acquire(timeout=_remaining(deadline)):
                owner.acquire(timeout=_remaining(deadline))
        except Timeout as exc:
            raise Occupied(f"Another Tillstream process uses {self.home} and did not finish in time.") from exc
        except OSError as exc:
            raise Unavailable(f"The folder {self.home} cannot be locked: {exc}.") from exc
        _OWNED[self.home] = owner, (self.home / OWNER_LOCKS[1]).stat()
        try:
            yield
        finally:
            _OWNED.pop(self.home)[0].release()
            owner.release()

    def check_lock(self) -> None:
        """Lock the file again if it was removed or replaced while this process owns the folder.

        Raises `Occupied` if another process owns it meanwhile: stop one of them.
        """
        path = self.home / OWNER_LOCKS[1]
        if self.home not in _OWNED or (path.exists() and os.path.samestat(path.stat(), _OWNED[self.home][1])):
            return
        again = self._lock(OWNER_LOCKS[1])
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
                create_private_folder(self.home)
            except FileExistsError as exc:
                if not self.home.is_dir():  # another process has just created it
                    raise Unavailable(f"{self.home} is a file. {OTHER_HOME}") from exc
            except OSError as exc:
                raise Unavailable(f"The folder {self.home} cannot be created: {exc.strerror}. {OTHER_HOME}") from exc
        try:
            for name in OWNER_LOCKS:
                (self.home / name).open("ab").close()
        except OSError as exc:
            raise ReadOnly(f"The folder {self.home} is not writable: {exc.strerror}. {OTHER_HOME}") from exc

    def announce_server(self, address: str, token: str) -> None:
        """Publish this process as the server, and accept calls; only for the owner of the folder."""
        open_calls(self.home)
        server = ServerAddress(address, token, os.getpid(), process_start(os.getpid()))
        self.write_private(self._server.name, json.dumps(asdict(server)))

    def write_private(self, name: str, text: str) -> Path:
        """Write a file that only its user can read, and return its path; an older one is replaced atomically."""
        path, temporary = self.home / name, self.home / f".{name}.{secrets.token_hex(8)}"
        try:
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE), "w") as file:
                temporary.chmod(PRIVATE_MODE)  # some umasks take the right to read it from the user too
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
            if stat.S_IMODE(self._server.lstat().st_mode) & ~PRIVATE_MODE:
                with suppress(OSError):  # not the owner, or a file system without permissions
                    self._server.chmod(PRIVATE_MODE)
            server = ServerAddress(**json.loads(self._server.read_text("utf-8")))
            if isinstance(server.token, str) and SERVER_ADDRESS.fullmatch(server.address):
                return None if has_ended(server.pid, server.start) else server
        return None

    def prepared_call(self, server: ServerAddress, name: str, body: bytes) -> AbstractContextManager[str]:
        """Make the call of a command, as the function `prepared_call`."""
        return prepared_call(self.home, server.token, name, body)

    def take_call(self, token: str, number: str, name: str, body: bytes) -> str:
        """Return the operating system's user who made a call, as the function `take_call`."""
        return take_call(self.home, token, number, name, body)

    def forget_server(self) -> None:
        """Remove the server's address and its calls, before the folder is released. Idempotent."""
        self._server.unlink(missing_ok=True)
        close_calls(self.home)

    def _lock(self, name: str) -> FileLock:
        # A new lock object each time, so that threads of one process compete as processes do.
        return FileLock(self.home / name, poll_interval=POLL_SECONDS, thread_local=False)


def _remaining(deadline: float | None) -> float:
    return FOREVER if deadline is None else max(deadline - time.monotonic(), 0.0)


def lost_files(home: Path) -> list[FileFinding]:
    """Return one finding for each database that a home with stored files should have. Call it before they are opened.

    A home without any stored file is new, or has nothing to lose.
    """
    inbox = home / "objects" / "inbox"
    if not inbox.is_dir() or not any(inbox.iterdir()):
        return []
    noticed = []
    if _is_empty(home / "queue.sqlite"):
        noticed.append(_lost_queue(has_accepted=not _is_empty(home / ACCEPTED)))
    if _is_empty(home / "documents.sqlite"):
        noticed.append(FileFinding("documents.sqlite was missing", DOCUMENTS_TEXT, DOCUMENTS_REMEDY, LostContent.STATE))
    return noticed


def _lost_queue(*, has_accepted: bool) -> FileFinding:
    name = "queue.sqlite was missing"
    message = f"{name} or empty and was created again. {STORED_TEXT}"
    if has_accepted:
        return FileFinding(name, f"{message} Accepted sales that were not stored yet are taken from {ACCEPTED}.")
    return FileFinding(name, message, SEND_AGAIN, LostContent.SALES)


def note_queue(documents: DocumentStore, sequence: int) -> None:
    """Note the last sequence of the queue in another file, so that an older queue is recognised."""
    documents.put(*NOTED_QUEUE, {"sequence": sequence})


def lost_messages(documents: DocumentStore, bus: SQLiteEventBus) -> list[FileFinding]:
    """Return the finding for a queue that ends before the noted sequence; it continues after that."""
    noted = documents.get(*NOTED_QUEUE)
    last = bus.advance(noted.data["sequence"]) if noted else 0
    if noted is None or last >= noted.data["sequence"] or bus.is_future(noted.data["sequence"]):
        return []
    if not last:
        return [_lost_queue(has_accepted=bus.keeps_accepted)]
    at = EPOCH + timedelta(microseconds=last)
    name = f"queue.sqlite of {at:%Y-%m-%d %H:%M}"
    message = (
        f"queue.sqlite is an older copy: its last message is of {at:%Y-%m-%d %H:%M} UTC. {STORED_TEXT} Failed messages "
        "since then are lost."
    )
    if bus.keeps_accepted:
        return [FileFinding(name, f"{message} Accepted sales are complete.", READ_AGAIN, LostContent.STATE)]
    return [FileFinding(name, message, SEND_AGAIN, LostContent.SALES)]


def _is_empty(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0
