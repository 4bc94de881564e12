"""Tables of web pages: fetched politely, and a file only if the table changed."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from tillstream.connectors.html.table import read_table
from tillstream.connectors.http.session import USER_AGENT, check_status, check_url, open_session, translated
from tillstream.connectors.rows import Page
from tillstream.connectors.source import Access, Cursor, Item, Kind, Setting, Source
from tillstream.model.errors import Rejected, Unavailable

ROBOT = "Tillstream"
"""The name that robots.txt files may use."""
MAX_REDIRECTS, MAX_PAUSE_SECONDS = 5, 60
SETTINGS = (
    Setting(
        "url",
        "URL of the page",
        "For example https://example.com/daily-sales.html",
        is_required=True,
        resets_cursor=True,
    ),
    Setting("table", "Table", "Its number on the page, its ID, or its caption", "1", resets_cursor=True),
)


class HtmlTableSource(Source):
    def __init__(self, settings: Mapping[str, str], access: Access) -> None:
        check_url(settings["url"])
        self._url, self._table, self._access = settings["url"], settings["table"], access
        self._is_exhausted = False

    def test(self) -> str:
        table = self._fetch({})[0]
        columns, rows = table or ([], [])
        return f"The table has {len(rows)} rows with the columns: {', '.join(columns)}."

    def pull(self, cursor: Cursor) -> Iterator[Item]:
        table, state = self._fetch(cursor)
        if table is not None:
            columns, rows = table
            with closing(Page(columns)) as page:
                for cells in rows:
                    page.add(cells)
                content = f"{page.digest:x}"
                if rows and content != cursor.get("content"):
                    yield page.item(
                        cursor.get("key", ""), "table.csv", lambda key: state | {"content": content, "key": key}
                    )
        self._is_exhausted = True

    def _fetch(self, cursor: Cursor) -> tuple[tuple[list[str], list[list[str]]] | None, dict[str, Any]]:
        """The table, or None if the page did not change; and the versions of the page."""
        conditions = {"If-None-Match": cursor.get("etag"), "If-Modified-Since": cursor.get("modified")}
        headers = {name: value for name, value in conditions.items() if value}
        with open_session(self._access, per_second=1) as session:
            response = self._get_allowed(session, headers)
        if response.status_code == 304:
            return None, {}
        check_status(urlsplit(self._url).hostname or "", response.status_code)
        charset = response.encoding if "charset" in response.headers.get("Content-Type", "").lower() else None
        table = read_table(response.content, charset, self._table)
        state = {"etag": response.headers.get("ETag"), "modified": response.headers.get("Last-Modified")}
        return table, state

    def _get_allowed(self, session: Any, headers: Mapping[str, str]) -> Any:
        """Get the page; robots.txt is obeyed at each address of a redirect."""
        url, robots = self._url, dict[str, RobotFileParser]()
        for _ in range(MAX_REDIRECTS + 1):
            parts = urlsplit(url)
            origin = f"{parts.scheme}://{parts.netloc}"
            if origin not in robots:
                robots[origin] = self._robots(session, origin)
            if not robots[origin].can_fetch(ROBOT, url):
                raise Rejected(f"{parts.hostname} does not allow programs to read this page (robots.txt).")
            self._access.clock.sleep(min(float(robots[origin].crawl_delay(ROBOT) or 0), MAX_PAUSE_SECONDS))
            response = self._get(session, url, headers)
            if not response.is_redirect:
                return response
            following = urljoin(url, response.headers["Location"])
            check_url(following)
            if parts.scheme == "https" and urlsplit(following).scheme != "https":
                raise Rejected(f"{parts.hostname} redirects to an address without https.")
            url = following
        raise Rejected(f"{urlsplit(self._url).hostname} redirects more than {MAX_REDIRECTS} times.")

    def _robots(self, session: Any, origin: str) -> RobotFileParser:
        """RFC 9309: a host without the file allows everything, and one that is out of order nothing for now."""
        robots = RobotFileParser()
        response = self._get(session, f"{origin}/robots.txt", {}, allow_redirects=True)
        if response.status_code >= 500:
            raise Unavailable(f"{origin}/robots.txt cannot be read (status {response.status_code}).")
        robots.parse(response.text.splitlines() if response.status_code < 400 else [])
        return robots

    @staticmethod
    def _get(session: Any, url: str, headers: Mapping[str, str], *, allow_redirects: bool = False) -> Any:
        with translated(urlsplit(url).hostname or ""):
            return session.get(url, headers=dict(headers), allow_redirects=allow_redirects)

    def acknowledge(self, cursor: Cursor) -> None:
        """A page keeps no cursor."""

    def behind(self) -> int | None:
        return 0 if self._is_exhausted else None

    def notes(self) -> list[str]:
        return []

    def close(self) -> None:
        """The session is closed after each page."""


KIND = Kind(
    name="html_table",
    title="Table of a web page",
    about=f"Pulls a table of a web page when it changed, as {USER_AGENT}.",
    settings=SETTINGS,
    open=HtmlTableSource,
)
