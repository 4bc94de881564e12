"""Read a table of an HTML page as rows of text."""

from collections.abc import Iterator
from typing import Any

from tillstream.model.errors import Rejected

MAX_CELLS = 2_000_000
_MAX_SPAN = 1_000


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
