"""Tables of web pages: fetched politely, and a file only if the table changed. The only module that imports lxml."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from tillstream.connectors.http.session import USER_AGENT, check_status, check_url, open_session, translated_errors
from tillstream.connectors.rows import RowPage
from tillstream.connectors.source import (
    ConnectionAccess,
    ConnectorKind,
    ConnectorSource,
    Cursor,
    SourceItem,
    SourceSetting,
)
from tillstream.model.errors import Rejected, Unavailable
from tillstream.optional_packages import need_package

MAX_CELLS = 2_000_000
_MAX_SPAN = 1_000

ROBOT = "Tillstream"
"""The name that robots.txt files may use."""
MAX_REDIRECTS, MAX_PAUSE_SECONDS = 5, 60
SETTINGS = (
    SourceSetting(
        "url",
        "URL of the page",
        "For example https://example.com/daily-sales.html",
        is_required=True,
        resets_cursor=True,
    ),
    SourceSetting("table", "Table", "Its number on the page, its ID, or its caption", "1", resets_cursor=True),
)


def read_table(content: bytes, charset: str | None, selected: str) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of a table. charset: of the response; without it, the page names its own.

    selected: the number of the table on the page, its ID, or its caption. Raises `Rejected` if there is no such table.
    """
    from lxml import etree, html

    try:
        page = html.document_fromstring(content, parser=html.HTMLParser(encoding=charset, no_network=True))
    except (etree.ParserError, LookupError) as error:
        raise Rejected(f"The page cannot be read: {error}") from error
    tables = page.xpath("//table")
    table = _select(tables, selected)
    if table is None:
        if not tables:
            raise Rejected("The page has no tables.")
        names = ", ".join(filter(None, (table.get("id") or _caption(table) for table in tables)))
        listed = f" There are: {names}." if names else ""
        raise Rejected(f"The page has no table “{selected}”. Its number of tables is {len(tables)}.{listed}")
    grid = _grid(table)
    header_rows = _header_rows(table)
    if not grid:
        raise Rejected("The table has no rows.")
    header = [name or f"Column {index}" for index, name in enumerate(grid[header_rows - 1], 1)]
    width = len(header)
    rows = [[*cells[:width], *[""] * (width - len(cells))] for cells in grid[header_rows:] if any(cells)]
    return header, rows


def _select(tables: list[Any], selected: str) -> Any:
    by_name = [table for table in tables if selected in (table.get("id"), _caption(table))]
    if by_name:
        return by_name[0]
    if selected.isascii() and selected.isdecimal() and 1 <= int(selected) <= len(tables):
        return tables[int(selected) - 1]
    return None


def _caption(table: Any) -> str:
    captions = table.xpath("./caption")
    return _text(captions[0]) if captions else ""


def _rows_of(table: Any) -> list[Any]:
    """Rows of the table itself, not of tables in its cells."""
    rows: list[Any] = table.xpath("./tr | ./thead/tr | ./tbody/tr | ./tfoot/tr")
    return rows


def _header_rows(table: Any) -> int:
    """How many rows are the header: those of thead, or the first."""
    return len(table.xpath("./thead/tr")) or 1


def _grid(table: Any) -> list[list[str]]:
    """Texts of cells at their places; a cell that spans rows or columns is repeated."""
    grid: list[list[str]] = []
    spans: dict[int, tuple[int, str]] = {}  # column: rows left and text
    size = 0
    for row in _rows_of(table):
        cells: list[str] = []
        for text, columns, rows in _cells(row):
            _fill(cells, spans)
            for _ in range(columns):
                if rows > 1:
                    spans[len(cells)] = (rows - 1, text)
                cells.append(text)
        _fill(cells, spans)
        size += len(cells)
        if size > MAX_CELLS:
            raise Rejected(f"The table has more than {MAX_CELLS:,} cells.")
        grid.append(cells)
    return grid


def _fill(cells: list[str], spans: dict[int, tuple[int, str]]) -> None:
    """Append the texts of cells of rows above that reach into this one."""
    while len(cells) in spans:
        left, text = spans.pop(len(cells))
        if left > 1:
            spans[len(cells)] = (left - 1, text)
        cells.append(text)


def _cells(row: Any) -> Iterator[tuple[str, int, int]]:
    for cell in row.xpath("./td | ./th"):
        yield _text(cell), _span(cell, "colspan"), _span(cell, "rowspan")


def _span(cell: Any, name: str) -> int:
    value = (cell.get(name) or "1").strip()
    return max(1, min(int(value), _MAX_SPAN)) if value.isascii() and value.isdecimal() else 1


def _text(element: Any) -> str:
    """The text that a browser shows, with single spaces."""
    parts = element.xpath(".//text()[not(ancestor::script or ancestor::style)] | .//br")
    return " ".join("".join(part if isinstance(part, str) else " " for part in parts).split())


class HtmlTableSource(ConnectorSource):
    def __init__(self, settings: Mapping[str, str], access: ConnectionAccess) -> None:
        need_package("lxml")
        need_package("requests")
        check_url(settings["url"])
        self._url, self._table, self._access = settings["url"], settings["table"], access
        self._is_exhausted = False

    def test(self) -> str:
        table = self._fetch({})[0]
        columns, rows = table or ([], [])
        return f"The table has {len(rows)} rows with the columns: {', '.join(columns)}."

    def pull(self, cursor: Cursor) -> Iterator[SourceItem]:
        table, state = self._fetch(cursor)
        if table is not None:
            columns, rows = table
            with closing(RowPage(columns)) as page:
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
        with translated_errors(urlsplit(url).hostname or ""):
            return session.get(url, headers=dict(headers), allow_redirects=allow_redirects)

    def acknowledge(self, cursor: Cursor) -> None:
        """A page keeps no cursor."""

    def behind(self) -> int | None:
        return 0 if self._is_exhausted else None

    def notes(self) -> list[str]:
        return []

    def close(self) -> None:
        """The session is closed after each page."""


KIND = ConnectorKind(
    name="html_table",
    title="Table of a web page",
    about=f"Pulls a table of a web page when it changed, as {USER_AGENT}.",
    settings=SETTINGS,
    open=HtmlTableSource,
)
