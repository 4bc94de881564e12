"""SFTP servers: the files of a folder as a source, and a folder as a destination. The host key is a setting."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from threading import Thread
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

from tillstream.connectors import listed_files
from tillstream.connectors.listed_files import FileExamples, ListedFile, ListedFileSource, changed_file, file_version
from tillstream.connectors.source import ConnectionAccess, ConnectorKind, ConnectorSource, SourceSetting, whole_number
from tillstream.model.errors import Conflict, NotFound, Rejected, TillstreamError, Unavailable, reason_of
from tillstream.optional_packages import need_package

if TYPE_CHECKING:
    from asyncssh import SFTPAttrs, SFTPClient, SSHClient, SSHKey

LoopResult = TypeVar("LoopResult")

CONNECT_SECONDS, READ_SECONDS, LIST_SECONDS = 30, 60, 600
KEEPALIVE_SECONDS = 15
"""After three of them without an answer, the connection is lost."""
CHUNK = 4 << 20
MAX_DEPTH = 30
KEY_UNREADABLE = "the private key cannot be read. Check its format and the passphrase."
LINKS = "Symbolic links are not followed:"
KEY_TYPES = ("ssh-", "ecdsa-", "sk-")
Result = TypeVar("Result")

DRAFT_ENDING = ".part"
"""Ending of the name of a file that is being written; a dot is before it, so that programs pass over it."""


class EventLoop:
    """Runs one coroutine after the other. The thread starts with the first of them, and ends with `close`."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None

    def run(self, coroutine: Coroutine[Any, Any, LoopResult]) -> LoopResult:
        """Return the result of the coroutine, or raise its error."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = Thread(target=self._loop.run_forever, name="event-loop", daemon=True)
            self._thread.start()
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def call(self, function: Callable[[], object]) -> None:
        """Call a function of a library in the thread of its loop."""

        async def called() -> None:
            function()

        self.run(called())

    def close(self) -> None:
        """Cancel what is left, and end the thread. Idempotent."""
        if self._loop is None or self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(_end_all(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._loop = self._thread = None


async def _end_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()


class SftpSource(ListedFileSource):
    """Files below a folder of a server. Connects at the first call, and once again after its session has ended."""

    def __init__(self, settings: Mapping[str, str], access: ConnectionAccess):
        need_package("asyncssh")
        self.host = settings["host"]
        self.port = whole_number(settings, "port", at_least=1, at_most=65_535)
        self.folder = settings["folder"].rstrip("/") + "/"
        super().__init__(f"sftp://{self.host}:{self.port}/{self.folder.removeprefix('/')}", settings, access)
        self.fingerprints = _fingerprints(settings["host_key"])
        self.links = FileExamples(LINKS)
        self._presented: SSHKey | None = None
        self._loop = EventLoop()
        self._sftp: SFTPClient | None = None
        self._connection: Any = None

    def notes(self) -> list[str]:
        return [*super().notes(), *self.links.notes()]

    def close(self) -> None:
        self._disconnect()
        self._loop.close()

    def listing(self) -> Iterator[ListedFile]:
        from asyncssh import FILEXFER_TYPE_DIRECTORY, FILEXFER_TYPE_SYMLINK

        self.links = FileExamples(LINKS)
        missing = Rejected(f"{self.place}: the folder does not exist. Check its name.")
        folders = [""]
        while folders:
            below = folders.pop()
            for name, attributes in self.call(lambda sftp: self._names(sftp, below), LIST_SECONDS, missing):  # noqa: B023
                path = f"{below}{name}"
                if attributes.type == FILEXFER_TYPE_DIRECTORY:
                    if self.selection.has_subfolders and path.count("/") < MAX_DEPTH:
                        folders.append(f"{path}/")
                elif attributes.type == FILEXFER_TYPE_SYMLINK:
                    self.links.add(path)
                else:
                    yield _listed(path, attributes)

    async def _names(self, sftp: "SFTPClient", below: str) -> list[tuple[str, "SFTPAttrs"]]:
        entries = [(str(entry.filename), entry.attrs) async for entry in sftp.scandir(self.path_of(below) or ".")]
        return [(name, attributes) for name, attributes in entries if name not in (".", "..")]

    def read(self, listed: ListedFile) -> Iterator[bytes]:
        path, missing = self.path_of(listed.path), changed_file(listed)
        stream = self.call(lambda sftp: sftp.open(path, "rb"), READ_SECONDS, missing)
        try:
            while part := self.call(lambda _: stream.read(CHUNK), READ_SECONDS, missing):
                yield cast("bytes", part)
        finally:
            with suppress(TillstreamError):
                self.call(lambda _: stream.close(), READ_SECONDS, missing)
        attributes = self.call(lambda sftp: sftp.stat(path), READ_SECONDS, missing)
        if _listed(listed.path, attributes).version != listed.version:
            raise changed_file(listed)

    def path_of(self, below: str) -> str:
        return f"{self.folder}{below}" if self.settings["folder"] else below

    def call(self, act: Callable[["SFTPClient"], Awaitable[Result]], seconds: int, missing: TillstreamError) -> Result:
        """Run one call. missing: raised if there is no such file. A session can end while files are ingested; so a
        call of an older session is tried with a new one."""
        is_older = self._sftp is not None
        try:
            return self._loop.run(self._within(act, seconds))
        except Exception as error:
            result = self._error(error, missing)
            if not isinstance(result, _Ended):
                raise result from error
            self._disconnect()
            if not is_older:
                raise result from error
        return self.call(act, seconds, missing)

    async def _within(self, act: Callable[["SFTPClient"], Awaitable[Result]], seconds: int) -> Result:
        async with asyncio.timeout(seconds):
            sftp = self._sftp or await self._connect()
            return await act(sftp)

    async def _connect(self) -> "SFTPClient":
        import asyncssh

        secrets = {name: self.access.credential(self.settings[name]) for name in ("password", "key", "passphrase")}
        key = asyncssh.import_private_key(secrets["key"], secrets["passphrase"] or None) if secrets["key"] else None
        self._connection = await asyncssh.connect(
            self.access.check_host(self.host, self.port),
            self.port,
            config=None,
            agent_path=None,
            known_hosts=([], [], []),
            client_factory=self._host_key_check(),
            username=self.settings["user"],
            password=secrets["password"] or None,
            client_keys=[key] if key else None,
            preferred_auth="publickey,keyboard-interactive,password",
            connect_timeout=CONNECT_SECONDS,
            login_timeout=CONNECT_SECONDS,
            keepalive_interval=KEEPALIVE_SECONDS,
        )
        self._sftp = await self._connection.start_sftp_client(path_errors="surrogateescape")
        return self._sftp

    def _host_key_check(self) -> type["SSHClient"]:
        import asyncssh

        source = self

        class HostKeyCheck(asyncssh.SSHClient):
            def validate_host_public_key(self, host: str, addr: str, port: int, key: "SSHKey") -> bool:  # noqa: ARG002
                source._presented = key
                return key.get_fingerprint() in source.fingerprints

        return HostKeyCheck

    def _disconnect(self) -> None:
        if self._connection:
            self._loop.call(self._connection.abort)
        self._connection = self._sftp = None

    def _error(self, error: Exception, missing: TillstreamError) -> TillstreamError:
        """The error for a person; `_Ended` if the session has ended or there was none."""
        import asyncssh

        place, user = self.place, self.settings["user"]
        if isinstance(error, TillstreamError):
            return error
        if isinstance(error, asyncssh.SFTPNoSuchFile | asyncssh.SFTPNoSuchPath):
            return missing
        for kinds, reason in (
            (asyncssh.HostKeyNotVerifiable, self._about_key()),
            (asyncssh.PermissionDenied, f"the server refuses the user {user} with this password or key. Check both."),
            ((asyncssh.KeyImportError, asyncssh.KeyEncryptionError), KEY_UNREADABLE),
            (asyncssh.KeyExchangeFailed, "the server offers no encryption that is safe today. Ask its operator."),
            (asyncssh.SFTPPermissionDenied, f"the user {user} may not use a file or folder. Ask for the permission."),
        ):
            if isinstance(error, kinds):
                return Rejected(f"{place}: {reason}")
        is_ended = isinstance(error, asyncssh.SFTPConnectionLost | asyncssh.SFTPNoConnection)
        if isinstance(error, asyncssh.SFTPError) and not is_ended:
            return Unavailable(f"{place} answered with the error {error.reason}.")
        if isinstance(error, asyncssh.Error | OSError | TimeoutError):
            return _Ended(f"{place} cannot be reached: {reason_of(error)}.")
        raise error

    def _about_key(self) -> str:
        if self._presented is None:
            return "the host key of the server cannot be verified."
        fingerprint = self._presented.get_fingerprint()
        shown = f"{self._presented.get_algorithm()} {fingerprint}"
        if not self.fingerprints:
            return (
                f"the host key is not confirmed. The server presents {shown}. Compare it with the fingerprint that its "
                f"operator gives, then set host_key to {fingerprint}."
            )
        return (
            f"the server presents the host key {shown}, which is not that of the settings. Nothing was sent. Ask the "
            "operator whether the key was replaced; otherwise someone else may be answering."
        )


class _Ended(Unavailable):
    """There is no session, or it has ended; a new one can succeed."""


def _listed(path: str, attributes: "SFTPAttrs") -> ListedFile:
    modified_at = datetime.fromtimestamp(attributes.mtime, UTC) if attributes.mtime is not None else None
    size = attributes.size or 0
    return ListedFile(path, size, file_version(size, modified_at), modified_at)


def _fingerprints(text: str) -> frozenset[str]:
    """The fingerprints of lines with a fingerprint SHA256:…, or a public key as in known_hosts. Raises `Rejected`."""
    return frozenset(_fingerprint(line) for line in text.splitlines() if line.strip() and not line.startswith("#"))


def _fingerprint(line: str) -> str:
    from asyncssh import KeyImportError, import_public_key

    words = line.split()
    for place, word in enumerate(words):
        if word.startswith("SHA256:"):
            return word.rstrip("=")
        if word.startswith(KEY_TYPES):
            with suppress(KeyImportError):
                return import_public_key(" ".join(words[place : place + 2])).get_fingerprint()
    raise Rejected(
        "host_key must be a fingerprint such as SHA256:…, or a line of known_hosts such as ssh-ed25519 AAAA…."
    )


def _open(settings: Mapping[str, str], access: ConnectionAccess) -> ConnectorSource:
    if not (settings["password"] or settings["key"]):
        raise Rejected("Set password or key to the reference of a credential.")
    return SftpSource(settings, access)


KIND = ConnectorKind(
    name="sftp",
    title="SFTP server",
    about="Pulls the files of a folder on an SFTP server.",
    settings=(
        SourceSetting("host", "Host", "For example sftp.example.com.", is_required=True),
        SourceSetting("port", "Port", default="22"),
        SourceSetting("user", "User", is_required=True),
        SourceSetting("password", "Password", is_credential=True),
        SourceSetting("key", "Private key", "In OpenSSH or PEM format.", is_credential=True),
        SourceSetting("passphrase", "Passphrase of the key", is_credential=True),
        SourceSetting(
            "host_key",
            "Host key",
            "The fingerprint SHA256:… of the server, or its line of known_hosts. A test without it shows the one that "
            "the server presents; compare that with its operator.",
            is_long=True,
        ),
        SourceSetting("folder", "Folder", "Empty: the folder after sign-in."),
        *listed_files.SETTINGS,
    ),
    open=_open,
)


class SftpPlace:
    """The `FilePlace` of a folder, which is created if it does not exist."""

    def __init__(self, settings: dict[str, str], access: ConnectionAccess) -> None:
        """settings: as of the connector. Connects at the first call."""
        self._source = SftpSource({one.name: one.default for one in KIND.settings} | settings, access)

    @property
    def path(self) -> str:
        return self._source.place

    def put(self, name: str, content: BinaryIO, *, overwrite: bool) -> None:
        target, draft = self._path(name), self._path(f".{name}{DRAFT_ENDING}")
        if not overwrite and self._call(lambda sftp: sftp.exists(target)):
            raise Conflict(f"There is a file {name} in {self.path}.")
        folder = target.rpartition("/")[0]
        if folder:
            self._call(lambda sftp: sftp.makedirs(folder, exist_ok=True))
        stream = self._call(lambda sftp: sftp.open(draft, "wb"))
        size = 0
        while part := content.read(CHUNK):
            self._call(lambda _: stream.write(part))
            size += len(part)
        self._call(lambda _: stream.close())
        self._call(lambda sftp: self._renamed(sftp, draft, target, size))

    def digest(self, name: str) -> str:
        path, digest = self._path(name), hashlib.sha256()
        missing = NotFound(f"There is no file {name} in {self.path}.")
        stream = self._source.call(lambda sftp: sftp.open(path, "rb"), READ_SECONDS, missing)
        while part := self._call(lambda _: stream.read(CHUNK)):
            digest.update(cast("bytes", part))
        self._call(lambda _: stream.close())
        return digest.hexdigest()

    def close(self) -> None:
        self._source.close()

    def _call(self, act: Callable[["SFTPClient"], Awaitable[Result]]) -> Result:
        missing = Rejected(f"{self.path}: the folder does not exist. Check its name.")
        return self._source.call(act, READ_SECONDS, missing)

    def _path(self, name: str) -> str:
        return self._source.path_of(name)

    async def _renamed(self, sftp: "SFTPClient", draft: str, target: str, size: int) -> None:
        """Rename a file of this size, in place of one with the name. Servers without the extension for it have a moment
        without one. If a session was lost after a rename, the next one finds the file under its name."""
        from asyncssh import SFTPOpUnsupported

        if not await sftp.exists(draft):
            if await sftp.exists(target) and await sftp.getsize(target) == size:
                return
            raise Unavailable(f"{self.path}: the file was removed while it was written.")
        try:
            await sftp.posix_rename(draft, target)
        except SFTPOpUnsupported:
            if await sftp.exists(target):
                await sftp.remove(target)
            await sftp.rename(draft, target)
