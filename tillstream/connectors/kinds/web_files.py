"""Files at addresses of the web, such as a published sheet: downloaded with each run, and kept if they changed."""

from collections.abc import Iterator, Mapping
from email.message import Message
from functools import partial
from io import BytesIO
from mimetypes import guess_extension
from typing import Any
from urllib.parse import unquote, urlsplit

from tillstream.connectors.http.session import check_status, check_url, open_session, translated_errors
from tillstream.connectors.rows import chained_key, row_digest
from tillstream.connectors.source import (
    ConnectionAccess,
    ConnectorKind,
    ConnectorSource,
    Cursor,
    SourceItem,
    SourceSetting,
)
from tillstream.model.errors import Rejected
from tillstream.optional_packages import need_package

PER_SECOND = 1
MAX_URLS = 100


class WebFilesSource(ConnectorSource):
    """The cursor has, for each address, the key of its last content."""

    def __init__(self, settings: Mapping[str, str], access: ConnectionAccess):
        need_package("requests")
        self._urls = settings["urls"].split()
        if len(self._urls) > MAX_URLS:
            raise Rejected(f"Enter at most {MAX_URLS} addresses, and the others in another connector.")
        for url in self._urls:
            check_url(url)
        self._token = settings["token"]
        self._access = access
        self._left: int | None = None

    def test(self) -> str:
        refused: list[Rejected] = []
        names = [name for _, name, _ in self._downloads(refused)]
        if refused:
            raise refused[0]
        return f"Downloaded {len(names)} files: {', '.join(names[:10])}."

    def pull(self, cursor: Cursor) -> Iterator[SourceItem]:
        places = {url: f"{row_digest(url.encode()):x}" for url in self._urls}
        keys: dict[str, str] = {place: cursor[place] for place in places.values() if place in cursor}
        self._left = len(self._urls)
        refused: list[Rejected] = []
        for url, name, content in self._downloads(refused):
            self._left -= 1
            place = places[url]
            if keys.get(place, "").endswith(f" {row_digest(content):x}"):
                continue
            # chained, so that a file that changes back to earlier content is delivered again
            keys[place] = f"{chained_key(keys.get(place, url), row_digest(content))} {row_digest(content):x}"
            yield SourceItem(keys[place], name, partial(BytesIO, content), dict(keys))
        if refused:
            raise refused[0]

    def acknowledge(self, cursor: Cursor) -> None:
        """Nothing: an address keeps no cursor."""

    def behind(self) -> int | None:
        return self._left

    def notes(self) -> list[str]:
        return []

    def close(self) -> None:
        """Connections are closed after each run."""

    def _downloads(self, refused: list[Rejected]) -> Iterator[tuple[str, str, bytes]]:
        """Address, file name and content of each file. Receives in `refused` why others cannot be read."""
        token = self._access.credential(self._token)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with open_session(self._access, PER_SECOND, frozenset({"authorization"} if token else ())) as session:
            for url in self._urls:
                try:
                    name, content = _download(session, url, headers)
                except Rejected as error:  # a file that was removed does not keep back the others
                    refused.append(error)
                    continue
                yield url, name, content


KIND = ConnectorKind(
    name="web_files",
    title="Files on the web",
    about="Pulls files from addresses of the web, such as published sheets and shared links.",
    settings=(
        SourceSetting("urls", "Addresses", "One a line, of at most 64 MB each.", is_required=True, is_long=True),
        SourceSetting(
            "token", "Access token", "Sent as a bearer token to the host of each address.", is_credential=True
        ),
    ),
    open=WebFilesSource,
)


def _download(session: Any, url: str, headers: Mapping[str, str]) -> tuple[str, bytes]:
    """File name and content. Raises `Rejected` and `Unavailable`."""
    host = urlsplit(url).hostname or ""
    with translated_errors(host):
        response = session.get(url, headers=headers)
    check_status(host, response.status_code)
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().casefold()
    if kind == "text/html":
        raise Rejected(
            f"{host} returned a page for people instead of a file. Check the address, and whether it is public."
        )
    return _file_name(url, response.headers), response.content


def _file_name(url: str, headers: Mapping[str, str]) -> str:
    """The name in the response, else the last part of the path; with an extension by the type if it has none."""
    parsed: Message[str, str] = Message()
    for header in ("Content-Disposition", "Content-Type"):
        if header in headers:
            parsed[header] = headers[header]
    name = (parsed.get_filename() or unquote(urlsplit(url).path)).replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    extension = "" if "." in name else guess_extension(parsed.get_content_type()) or ""
    return f"{name or 'file'}{extension}"
