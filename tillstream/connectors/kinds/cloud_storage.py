"""Google Cloud Storage: the objects below a prefix of a bucket, which a project copies without reading them."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from tillstream.connectors import listed_files
from tillstream.connectors.listed_files import ListedFile, ListedFileSource, changed_file
from tillstream.connectors.source import ConnectionAccess, ConnectorKind, ConnectorSource, SourceSetting
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.events import INBOX
from tillstream.ports.objects import ObjectStore, StoredObject

BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
CHUNK = 1 << 20
AT_ONCE = {"quiet": "0", "since": "", "order": listed_files.BY_NAME}
"""An object is complete when it is listed. Its version is its generation, so no time is needed."""


class CloudStorageSource(ListedFileSource):
    """The objects of a bucket. Connects at the first call."""

    def __init__(self, settings: Mapping[str, str], access: ConnectionAccess):
        self.bucket = f"gs://{settings['bucket']}"
        self.folder = settings["prefix"].rpartition("/")[0]
        self.folder += "/" if self.folder else ""
        super().__init__(f"{self.bucket}/{self.folder}", {**settings, **AT_ONCE}, access)
        self._store: ObjectStore | None = None

    def listing(self) -> Iterator[ListedFile]:
        for stored in self._connected().list(self.bucket, self.settings["prefix"]):
            if not stored.name.endswith("/"):  # the marker of a folder
                yield ListedFile(stored.name.removeprefix(self.folder), stored.size, str(stored.generation), None)

    def read(self, listed: ListedFile) -> Iterator[bytes]:
        try:
            with self._connected().open(self.bucket, self.folder + listed.path, int(listed.version)) as stream:
                while part := stream.read(CHUNK):
                    yield part
        except NotFound as error:
            raise changed_file(listed) from error

    def close(self) -> None:
        """Connections are those of the process."""

    def copier(self, listed: ListedFile) -> Callable[[str], StoredObject] | None:
        return partial(self._copy, listed) if self._connected().has_bucket(INBOX) else None

    def _copy(self, listed: ListedFile, to_name: str) -> StoredObject:
        name, generation = self.folder + listed.path, int(listed.version)
        try:
            return self._connected().copy(self.bucket, name, INBOX, to_name, generation=generation, if_generation=0)
        except NotFound as error:
            raise changed_file(listed) from error

    def _connected(self) -> ObjectStore:
        if self._store is None:
            self._store = self.access.cloud_storage()
        return self._store


def _open(settings: Mapping[str, str], access: ConnectionAccess) -> ConnectorSource:
    if not BUCKET.fullmatch(settings["bucket"]):
        raise Rejected("bucket must be the name of a bucket such as shop-exports, without gs:// and folders.")
    return CloudStorageSource(settings, access)


KIND = ConnectorKind(
    name="cloud_storage",
    title="Google Cloud Storage",
    about="Pulls the files below a prefix of a bucket, with the credentials of this machine.",
    settings=(
        SourceSetting("bucket", "Bucket", is_required=True),
        SourceSetting("prefix", "Prefix", "Only names that start with it, for example sales/2026/."),
        listed_files.PATTERN,
        listed_files.SUBFOLDERS,
    ),
    open=_open,
)
