"""File systems of fsspec: HDFS over WebHDFS, FTP, Google Cloud Storage, Azure, Google Drive."""

import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tillstream.connectors import listed_files
from tillstream.connectors.access import check_reference
from tillstream.connectors.listed_files import ListedFile, ListedFileSource, changed_file, file_version
from tillstream.connectors.pinned_connections import pin
from tillstream.connectors.source import ConnectionAccess, ConnectorKind, ConnectorSource, SourceSetting
from tillstream.model import json_text
from tillstream.model.errors import Rejected, TillstreamError, Unavailable
from tillstream.optional_packages import need_package

HDFS_OPTIONS = frozenset({"user", "use_https", "kerberos", "proxy_to"})

FORMS = {
    "account_name": re.compile(r"[a-z0-9-]{1,63}"),
    "account_host": re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?(/[\w-]*)?"),
    "endpoint_url": re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?/?"),
}
"""Options of which the libraries make addresses, so that no other text can lead to another host than is checked."""
_ADDRESS = re.compile(r"https?://[^;,\s'\"{}]+", re.IGNORECASE)

TIMEOUT_SECONDS = (10, 60)
"""Of requests to WebHDFS: to connect, and between two parts of an answer. The other libraries have their own."""
CHUNK = 1 << 20
MAX_DEPTH = 30
QUERY = re.compile(r"\?[^\s'\")]+")
DRIVE_SHEET = "application/vnd.google-apps.spreadsheet"
DRIVE_FILE = "application/vnd.google-apps."
"""Start of the types of Google's own documents, which have no bytes to read."""
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class FileProtocol:
    """What a scheme of the URL needs. options: those that may be set. credentials: options that are references only.

    port: the usual one of a server that the URL names; 0: the URL names a bucket or folder of a vendor.
    """

    library: str
    options: frozenset[str]
    credentials: frozenset[str]
    port: int = 0


GOOGLE = FileProtocol("gcsfs", frozenset({"project", "endpoint_url", "requester_pays"}), frozenset({"token"}))
AZURE = FileProtocol(
    "adlfs",
    frozenset({"account_name", "account_host", "client_id", "tenant_id", "anon"}),
    frozenset({"account_key", "sas_token", "connection_string", "client_secret"}),
)

PROTOCOLS = {
    "webhdfs": FileProtocol("requests", HDFS_OPTIONS, frozenset({"password", "token"}), port=9870),
    "ftp": FileProtocol("fsspec", frozenset({"username", "acct", "tls", "encoding"}), frozenset({"password"}), port=21),
    "gs": GOOGLE,
    "gcs": GOOGLE,
    "abfs": AZURE,
    "abfss": AZURE,
    "az": AZURE,
    "gdrive": FileProtocol("gdrive_fsspec", frozenset({"root_file_id", "drive"}), frozenset({"creds"})),
}


def options_of(text: str, protocol: FileProtocol) -> dict[str, str]:
    """The options of lines, or separated by semicolons.

    Raises `Rejected` for an option that is not allowed, and for a credential that is no reference.
    """
    options = {}
    for line in filter(None, map(str.strip, re.split(r"[\n;]", text))):
        name, _, value = (part.strip() for part in line.partition("="))
        allowed = protocol.options | protocol.credentials
        if name not in allowed:
            raise Rejected(f"There is no option “{name[:50]}”. The options are: {', '.join(sorted(allowed))}.")
        if name in protocol.credentials:
            check_reference(value, name)
        if name in FORMS and not FORMS[name].fullmatch(value):
            raise Rejected(f"The option {name} cannot be “{value[:50]}”, because an address is made of it.")
        options[name] = value
    return options


def addresses_in(options: Mapping[str, Any]) -> Iterator[str]:
    """The URLs that options contain, also those within credentials."""
    for name, value in options.items():
        yield from _ADDRESS.findall(f"https://{value}" if name == "account_host" else str(value))


class FileSystemSource(ListedFileSource):
    """Files below a URL. Connects at the first call."""

    def __init__(self, settings: Mapping[str, str], access: ConnectionAccess):
        need_package("fsspec")
        url = settings["url"]
        super().__init__(url if url.endswith("/") else f"{url}/", settings, access)
        self.scheme = urlsplit(url).scheme
        self.protocol = PROTOCOLS[self.scheme]
        self.options = options_of(settings["options"], self.protocol)
        self._secrets: list[str] = []
        self._fs: Any = None

    def close(self) -> None:
        for connection in ("session", "ftp"):
            if hasattr(self._fs, connection):
                getattr(self._fs, connection).close()

    def listing(self) -> Iterator[ListedFile]:
        try:
            yield from self._walk(self._root())
        except Exception as error:
            missing = Rejected(f"{self.place} does not exist. Check the name of the folder.")
            raise self._error(error, missing) from error

    def read(self, listed: ListedFile) -> Iterator[bytes]:
        try:
            yield from self._bytes(listed)
        except Exception as error:
            raise self._error(error, changed_file(listed)) from error

    def _walk(self, root: str) -> Iterator[ListedFile]:
        """Every folder is listed with errors raised: `find` of fsspec leaves folders out that cannot be read."""
        folders = [root]
        while folders:
            folder = folders.pop()
            for info in self._connected().ls(folder, detail=True):
                name = str(info["name"]).rstrip("/")
                path = name.strip("/").removeprefix(root.strip("/")).lstrip("/")
                if self.scheme == "webhdfs" and path.rsplit("/", 1)[-1].startswith("_"):
                    continue  # Hadoop's hidden names: _SUCCESS, and _temporary of jobs that run
                is_folder = info["type"] != "file"
                if not is_folder and not path:
                    raise Rejected(f"{self.place} is a file. Enter its folder, and its name as the pattern.")
                if not is_folder:
                    yield from self._listed(path, info)
                elif name.strip("/") != folder.strip("/") and self._is_entered(path):
                    folders.append(name)

    def _is_entered(self, path: str) -> bool:
        return self.selection.has_subfolders and path.count("/") < MAX_DEPTH

    def _listed(self, path: str, info: Mapping[str, Any]) -> Iterator[ListedFile]:
        modified_at = _modified_at(info)
        size: int | None = int(info["size"])
        tag = next((str(info[name]) for name in ("etag", "generation", "md5Checksum", "version") if info.get(name)), "")
        if info.get("mimeType") == DRIVE_SHEET:
            path, size = f"{path}.xlsx", None
        elif str(info.get("mimeType", "")).startswith(DRIVE_FILE):
            return
        yield ListedFile(path, size, f"{tag} {file_version(size or 0, modified_at)}".strip(), modified_at)

    def _bytes(self, listed: ListedFile) -> Iterator[bytes]:
        path = f"{self._root().rstrip('/')}/{listed.path}".lstrip("" if self.protocol.port else "/")
        fs = self._connected()
        if listed.size is None:
            yield fs.export(path.removesuffix(".xlsx"), WORKBOOK)
            return
        with tempfile.TemporaryDirectory() as folder:
            local = Path(folder, "file")
            fs.get_file(path, str(local))
            with local.open("rb") as stream:
                while part := stream.read(CHUNK):
                    yield part
        fs.invalidate_cache()
        if [listed.version] != [current.version for current in self._listed(listed.path, fs.info(path))]:
            raise changed_file(listed)

    def _root(self) -> str:
        if self.protocol.port:
            return urlsplit(self.place).path
        return str(self._connected()._strip_protocol(self.place))  # noqa: SLF001 - fsspec's way to the path of a URL

    def _connected(self) -> Any:
        if self._fs is None:
            self._fs = self._connect()
        return self._fs

    def _connect(self) -> Any:
        import fsspec

        options = {name: self._value(name, value) for name, value in self.options.items()}
        parts = urlsplit(self.place)
        host, port = parts.hostname or "", parts.port or self.protocol.port
        if self.protocol.port:
            address = self.access.check_host(host, port)
            options |= {"host": address if self.scheme == "ftp" else host, "port": port}
        for url in addresses_in(options):
            self._check_address(url)
        if self.scheme == "gdrive":
            options |= {"access": "read_only", "token": "service_account"}
        if self.scheme == "webhdfs":
            options["data_proxy"] = partial(_check_redirect, host, is_bound="password" in options)
        try:
            fs = fsspec.filesystem(self.scheme, **options, skip_instance_cache=True, use_listings_cache=False)
        except ImportError:
            need_package(self.protocol.library, f"A connector of {self.scheme}://")
            raise
        if self.scheme == "webhdfs":
            fs.session.trust_env = False
            fs.session.request = partial(fs.session.request, timeout=TIMEOUT_SECONDS)
            fs.session.hooks["response"] = [_check_reply]
            for adapter in fs.session.adapters.values():
                pin(adapter.poolmanager, self.access)
        return fs

    def _value(self, name: str, value: str) -> Any:
        if name in self.protocol.credentials:
            secret = self.access.credential(value)
            self._secrets.append(secret)
            return json_text.decode_json(secret) if secret.lstrip().startswith("{") else secret
        return {"true": True, "false": False}.get(value, value)

    def _check_address(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.hostname:
            self.access.check_host(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))

    def _error(self, error: Exception, missing: TillstreamError) -> TillstreamError:
        """The error for a person. Libraries put addresses with tokens into their messages: those are cut out."""
        name, status = type(error).__name__, getattr(getattr(error, "response", None), "status_code", 0)
        text = QUERY.sub("", str(error))
        for secret in filter(None, self._secrets):
            text = text.replace(secret, "…")
        text = text[:300]  # not before: the rest of a secret would stay
        if isinstance(error, TillstreamError):
            return error
        if isinstance(error, FileNotFoundError) or status == 404 or text.startswith("550"):
            return missing
        if isinstance(error, TypeError | ValueError):
            return Rejected(f"{self.place}: an option is not valid: {text}")
        if "CERTIFICATE_VERIFY_FAILED" in text:
            return Rejected(f"{self.place}: the certificate of the server cannot be verified.")
        is_refused = isinstance(error, PermissionError) or status in (401, 403) or text.startswith("530")
        if is_refused or any(word in name for word in ("Auth", "Credential", "Forbidden", "Refresh")):
            return Rejected(f"{self.place}: access is refused ({text}). Check the options and credentials.")
        return Unavailable(f"{self.place} cannot be read: {name}: {text}.")


def _check_redirect(host: str, url: str, *, is_bound: bool) -> str:
    """The URL that WebHDFS leads to. is_bound: a password is sent, and only the host of the settings gets it."""
    if is_bound and urlsplit(url).hostname != host:
        raise Rejected(f"{host} leads to {urlsplit(url).hostname}, which does not get the password. Use token or user.")
    return url


def _check_reply(reply: Any, *_: object, **__: object) -> None:
    """fsspec takes an error of a data node as the content of the file."""
    if reply.status_code >= 400 and "op=OPEN" in reply.url:
        reply.raise_for_status()


def _modified_at(info: Mapping[str, Any]) -> datetime | None:
    """From the names that the file systems give it: milliseconds, digits of FTP, a datetime, or ISO text."""
    names = ("modificationTime", "modify", "last_modified", "modifiedTime", "updated", "mtime")
    value = next((info[name] for name in names if info.get(name)), None)
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, int):
        return datetime.fromtimestamp(value / 1_000, UTC)
    if isinstance(value, str) and re.fullmatch(r"\d{14}(\.\d+)?", value):
        return datetime.strptime(value[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value):
        return datetime.fromisoformat(value).astimezone(UTC)
    return None  # a list of files in the style of ls has no year


def _open(settings: Mapping[str, str], access: ConnectionAccess) -> ConnectorSource:
    parts = urlsplit(settings["url"])
    if parts.scheme not in PROTOCOLS:
        raise Rejected(f"url must begin with one of: {', '.join(f'{name}://' for name in PROTOCOLS)}")
    if parts.password:
        raise Rejected("url must not contain a password. Set it as an option with a reference.")
    if PROTOCOLS[parts.scheme].port and not parts.hostname:
        raise Rejected("url must name a host, for example webhdfs://namenode.example.com:9870/sales/.")
    return FileSystemSource(settings, access)


KIND = ConnectorKind(
    name="filesystems",
    title="HDFS, FTP, Google Drive, Azure and other file systems",
    about="Pulls the files of a folder through fsspec.",
    settings=(
        SourceSetting("url", "Address", "For example webhdfs://namenode.example.com:9870/sales/.", is_required=True),
        SourceSetting(
            "options",
            "Options",
            "One a line, as user=till. Credentials are references, as password=env:TILLSTREAM_SOURCE_FTP.",
            is_long=True,
        ),
        *listed_files.SETTINGS,
    ),
    open=_open,
)
