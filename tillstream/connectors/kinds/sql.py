"""SQL databases: the rows of a query in the order of a cursor column, and the rows that were read last."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from tillstream.connectors.rows import MODULUS, RowPage
from tillstream.connectors.source import (
    ConnectionAccess,
    ConnectorKind,
    ConnectorSource,
    Cursor,
    SourceItem,
    SourceSetting,
    whole_number,
)
from tillstream.connectors.sql_database import (
    CursorType,
    CursorValue,
    SourceConnection,
    SourceDatabase,
    as_subquery,
    normalise_value,
)
from tillstream.model.errors import Rejected

MAX_SPANS = 500

SETTINGS = (
    SourceSetting(
        "url",
        "URL",
        "For example postgresql://db.example.com/shop or sqlite:////data/shop.db, without a password",
        is_required=True,
        resets_cursor=True,
    ),
    SourceSetting("user", "User"),
    SourceSetting("password", "Password", is_credential=True),
    SourceSetting(
        "query",
        "Query or table",
        "A SELECT with the columns of the contract, or the name of a table; in quotation marks if it has spaces",
        is_required=True,
        is_long=True,
    ),
    SourceSetting(
        "cursor_column",
        "Cursor column",
        "The time of the last change, or a number that grows",
        is_required=True,
        resets_cursor=True,
    ),
    SourceSetting(
        "look_back", "Look back", "Seconds, or for numbers a difference, in which rows may be committed late", "600"
    ),
    SourceSetting("page_rows", "Rows in a file", default="50000"),
    SourceSetting("timeout", "Timeout", "Seconds for each statement", "300"),
)


@dataclass
class RowWindow:
    """Spans of values of the cursor column, in order.

    after: the rows with a larger value are in the window; None: all. spans: the last value of each span and the digest
    of its rows; a span contains the rows after the last value of the one before.
    """

    values: CursorType | None = None
    after: CursorValue = None
    spans: dict[CursorValue, int] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "RowWindow":
        if not data:
            return cls()
        values = CursorType(data["type"])
        after = None if data["after"] is None else values.decode(data["after"])
        return cls(values, after, {values.decode(last): int(digest, 16) for last, digest in data["spans"]})

    def to_json(self) -> dict[str, Any]:
        if self.values is None:
            return {}
        encode = self.values.encode
        spans = [[encode(last), f"{digest:x}"] for last, digest in self.spans.items()]
        return {"type": self.values.name, "after": None if self.after is None else encode(self.after), "spans": spans}

    def span_of(self, lasts: list[CursorValue], value: CursorValue) -> CursorValue:
        """The last value of the span that contains a value. lasts: those of the window before it is read again."""
        index = bisect_left(lasts, value)
        return lasts[index] if index < len(lasts) else value

    def set(self, last: CursorValue, digest: int, look_back: int) -> None:
        """Replace a span or append one, and forget spans that are further back than `look_back`."""
        self.spans[last] = digest
        newest = next(reversed(self.spans))
        for old in list(self.spans):
            if old == newest or not self.values or self.values.is_within(old, newest, look_back):
                break
            self.after = old
            del self.spans[old]
        if len(self.spans) > MAX_SPANS:
            self._merge()

    def _merge(self) -> None:
        """Merge each two spans but the newest, whose rows are compared most often."""
        *older, newest = self.spans.items()
        merged: dict[CursorValue, int] = {}
        for index in range(0, len(older), 2):
            pair = older[index : index + 2]
            merged[pair[-1][0]] = sum(digest for _, digest in pair) % MODULUS
        self.spans = merged | dict([newest])


class SqlSource(ConnectorSource):
    def __init__(self, settings: Mapping[str, str], access: ConnectionAccess) -> None:
        self._query, self._column = settings["query"], settings["cursor_column"]
        self._look_back = whole_number(settings, "look_back", at_most=10**12)
        self._page_rows = whole_number(settings, "page_rows", at_least=1, at_most=1_000_000)
        timeout = whole_number(settings, "timeout", at_least=1, at_most=86_400)
        self._database = SourceDatabase(settings["url"], settings["user"], settings["password"], timeout, access)
        self._is_exhausted = False

    def test(self) -> str:
        with self._database.connect() as connection:
            query = _Query(connection, self._query, self._column)
            newest = next(iter(connection.rows(query.newest())), None)
            if newest is None:
                return f"{self._database.name} has {len(query.columns)} columns and no rows with a {self._column}."
            with closing(RowPage(query.columns)) as page:
                page.add(newest)
            _, value = normalise_value(self._column, newest[query.index])
        return f"{self._database.name} has {len(query.columns)} columns; the newest {self._column} is {value}."

    def pull(self, cursor: Cursor) -> Iterator[SourceItem]:
        with self._database.connect() as connection:
            query = _Query(connection, self._query, self._column)
            state = _State(cursor)
            yield from self._changed(connection, query, state)
            yield from self._without_value(connection, query, state)
        self._is_exhausted = True

    def _changed(self, connection: SourceConnection, query: "_Query", state: "_State") -> Iterator[SourceItem]:
        """Pages of the spans of rows that are new or changed; a page ends after all rows of a value."""
        window = state.window
        before, lasts = dict(window.spans), list(window.spans)
        rows = query.typed(connection.rows(query.after(window.after), window.after), window)
        page = RowPage(query.columns)
        try:
            for last, span in groupby(rows, key=lambda row: window.span_of(lasts, row[0])):
                mark = page.mark()
                digest = sum(page.add(row) for _, row in span) % MODULUS
                if before.get(last) == digest:
                    page.cut(mark)
                    continue
                window.set(last, digest, self._look_back)
                if page.rows >= self._page_rows:
                    yield state.item(page)
                    page.close()
                    page = RowPage(query.columns)
            if page.rows:
                yield state.item(page)
        finally:
            page.close()

    def _without_value(self, connection: SourceConnection, query: "_Query", state: "_State") -> Iterator[SourceItem]:
        """One file with all rows without a value in the cursor column, if they changed."""
        with closing(RowPage(query.columns)) as page:
            for row in connection.rows(query.without_value()):
                page.add(row)
            if page.rows and f"{page.digest:x}" != state.without_value:
                state.without_value = f"{page.digest:x}"
                yield state.item(page)

    def acknowledge(self, cursor: Cursor) -> None:
        """The database keeps no cursor."""

    def behind(self) -> int | None:
        return 0 if self._is_exhausted else None

    def notes(self) -> list[str]:
        return []

    def close(self) -> None:
        """`pull` closes its connection."""


KIND = ConnectorKind(
    name="sql",
    title="SQL database",
    about="Pulls the rows of a query that are new or changed.",
    settings=SETTINGS,
    open=SqlSource,
)


class _State:
    """What the cursor contains."""

    def __init__(self, cursor: Cursor) -> None:
        self.key: str = cursor.get("key", "")
        self.window = RowWindow.from_json(cursor.get("window", {}))
        self.without_value: str = cursor.get("without_value", "")

    def item(self, page: RowPage) -> SourceItem:
        def cursor(key: str) -> Cursor:
            return {"key": key, "window": self.window.to_json(), "without_value": self.without_value}

        item = page.item(self.key, f"{page.rows}-rows.csv", cursor)
        self.key = item.key
        return item


class _Query:
    """Statements about the rows of a query; its cursor column is checked."""

    def __init__(self, connection: SourceConnection, query: str, column: str) -> None:
        self._source = as_subquery(query, connection.quote)
        columns = connection.columns(self._source)
        self.columns = [name for name, _ in columns]
        repeated = {name for name in self.columns if self.columns.count(name) > 1}
        if repeated:
            raise Rejected(f"The query has several columns “{min(repeated)}”. Rename one with AS.")
        if column not in self.columns:
            raise Rejected(f"The query has no column “{column}”. Its columns are: {', '.join(self.columns)}.")
        self.index, self._name = self.columns.index(column), column
        self._column = connection.quote(column)
        self._sorted = f'{self._column} COLLATE "C"' if columns[self.index][1] else self._column

    def _select(self, condition: str) -> str:
        return f"SELECT * FROM {self._source} tillstream_rows WHERE {condition}"

    def after(self, value: CursorValue) -> str:
        condition = f"{self._column} IS NOT NULL" if value is None else f"{self._sorted} > :after"
        return f"{self._select(condition)} ORDER BY {self._sorted}"

    def without_value(self) -> str:
        return self._select(f"{self._column} IS NULL")

    def newest(self) -> str:
        return f"{self._select(f'{self._column} IS NOT NULL')} ORDER BY {self._sorted} DESC"

    def typed(self, rows: Iterator[Sequence[Any]], window: RowWindow) -> Iterator[tuple[CursorValue, Sequence[Any]]]:
        """Rows with their values. Sets the type of an empty window. Raises `Rejected` if types or order differ."""
        previous = None
        for row in rows:
            value_type, value = normalise_value(self._name, row[self.index])
            if window.values is None:
                window.values = value_type
            if value_type != window.values:
                types = f"a {value_type.name} and a {window.values.name}"
                raise Rejected(f"The column “{self._name}” contains {types}. Convert it to one type.")
            if previous is not None and value < previous:
                raise Rejected(f"The database does not sort “{self._name}” by time. Convert it to a timestamp.")
            previous = value
            yield value, row
