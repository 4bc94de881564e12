"""A folder on an SFTP server, as a destination of files. A file is written under another name and then renamed."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, BinaryIO, cast

from tillstream.connectors.kinds.sftp import CHUNK, KIND, READ_SECONDS, Result, SftpSource
from tillstream.connectors.source import Access
from tillstream.model.errors import Conflict, NotFound, Rejected, Unavailable

if TYPE_CHECKING:
    from asyncssh import SFTPClient

DRAFT = ".part"
"""Ending of the name of a file that is being written; a dot is before it, so that programs pass over it."""


class SftpPlace:
    """The `Place` of a folder, which is created if it does not exist."""

    def __init__(self, settings: dict[str, str], access: Access) -> None:
        """settings: as of the connector. Connects at the first call."""
        self._source = SftpSource({one.name: one.default for one in KIND.settings} | settings, access)

    @property
    def path(self) -> str:
        return self._source.place

    def put(self, name: str, content: BinaryIO, *, overwrite: bool) -> None:
        target, draft = self._path(name), self._path(f".{name}{DRAFT}")
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
