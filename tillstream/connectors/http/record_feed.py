"""A source of nested records that change: what is new since the last run becomes files of rows."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import partial
from hashlib import blake2b
from typing import Any

from tillstream.connectors.http.json_api import ApiRecord, RecordPages
from tillstream.connectors.rows import RowPage, cell_text
from tillstream.connectors.source import ConnectorSource, Cursor, SourceItem
from tillstream.model.errors import Rejected

FieldRow = dict[str, Any]
MAX_RECENT = 4_000
"""Digests of records that the cursor keeps; 20 bytes each."""


def flat_record(record: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Paths and values; the fields of an object within an object have paths with dots. Lists are not unpacked."""
    for name, value in record.items():
        if isinstance(value, dict) and value:
            yield from flat_record(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def value_at(record: Mapping[str, Any], path: str) -> Any:
    """The value at a path with dots; None if there is none."""
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def exploded_records(record: Mapping[str, Any], lines: str) -> list[FieldRow]:
    """A row for each line of a record, with the fields of the record; one row if there are no lines."""
    row = dict(flat_record(record))
    if not lines:
        return [row]
    items = row.pop(lines, None) or [{}]
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Rejected(f"{lines} is not a list of objects.")
    return [row | dict(flat_record(item, f"{lines}.")) for item in items]


def parse_columns(text: str) -> dict[str, str]:
    """Column → path, of a text such as “sale=id, sku=lines.sku, currency”."""
    columns = {}
    for part in filter(None, (part.strip() for part in text.replace("\n", ",").split(","))):
        name, is_named, path = part.partition("=")
        columns[name.strip()] = path.strip() if is_named else name.strip()
    return columns


def selected_fields(rows: Sequence[FieldRow], columns: Mapping[str, str]) -> tuple[list[str], list[list[Any]]]:
    """The header and cells of rows; without columns, all fields in the order in which they occur."""
    paths = columns or {name: name for row in rows for name in row}
    return list(paths), [[row.get(path) for path in paths.values()] for row in rows]


def parse_instant(value: Any) -> Decimal:
    """A value as a number: seconds since 1970 of a time, in UTC if it has no offset. Raises `Rejected` for others."""
    if isinstance(value, str):
        time = _time(value)
        if time is not None:
            return Decimal(str(time.timestamp()))
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite():
        raise Rejected(f"“{str(value)[:50]}” is neither a number nor a time in ISO 8601. Choose another cursor field.")
    return number


def earlier_instant(value: Any, look_back: int) -> str:
    """A value that is less by seconds, or by a difference of numbers, as the API writes such values."""
    time = _time(value) if isinstance(value, str) else None
    if time is None:
        return format(Decimal(str(value)) - look_back, "f")
    past = time - timedelta(seconds=look_back)
    if len(value) <= len("2026-11-26"):
        return past.date().isoformat()
    if value.endswith("Z"):
        return past.replace(tzinfo=None).isoformat() + "Z"
    return past.isoformat() if _has_offset(value) else past.replace(tzinfo=None).isoformat()


def _has_offset(value: str) -> bool:
    return datetime.fromisoformat(value).tzinfo is not None


def _time(text: str) -> datetime | None:
    if text[4:5] != "-":
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


@dataclass(frozen=True)
class RecordFeed:
    """pages: the pages of records that changed at a time or later; None: all. changed_at: the value by which they are
    ordered; None for an API without one. rows: those of a record. columns: column → field; empty: all fields.

    look_back: seconds, or a difference of numbers, in which records may appear late. is_sorted: the API returns the
    records in the order of `changed_at`, so the cursor moves after each file and not only at the end. file_rows: rows
    after which a file ends with the record.
    """

    name: str
    pages: Callable[[str | None], RecordPages]
    changed_at: Callable[[ApiRecord], Any] | None
    rows: Callable[[ApiRecord], Sequence[FieldRow]]
    columns: Mapping[str, str]
    look_back: int
    file_rows: int
    is_sorted: bool


class RecordFeedSource(ConnectorSource):
    def __init__(self, feed: RecordFeed) -> None:
        self._feed = feed
        self._is_exhausted = False

    def test(self) -> str:
        with closing(self._feed.pages(None)) as pages:
            records = next(pages, [])
        progress = _Progress(self._feed, {})
        rows = [row for record in records if progress.is_new(record) for row in self._feed.rows(record)]
        columns, cells = selected_fields(rows, self._feed.columns)
        missing = [
            name for name, *values in zip(columns, *cells, strict=True) if rows and not any(map(cell_text, values))
        ]
        empty = f" No record has: {', '.join(missing)}." if missing else ""
        counted = f"{_many(len(records), 'record')} with {_many(len(rows), 'row')}"
        return f"{self._feed.name} returned {counted}.{empty}"

    def pull(self, cursor: Cursor) -> Iterator[SourceItem]:
        progress = _Progress(self._feed, cursor)
        key = cursor.get("key", "")
        files = _files(self._feed, progress)
        current = next(files, None)
        while current is not None:
            following = next(files, None)  # only the last file has the cursor after all records
            rows, state = current if following else (current[0], progress.to_json())
            columns, lines = selected_fields(rows, self._feed.columns)
            with closing(RowPage(columns)) as page:
                for cells in lines:
                    page.add(cells)
                item = page.item(key, f"{page.rows}-rows.csv", partial(_with_key, state))
                key = item.key if item.cursor else key
                yield item
            current = following
        self._is_exhausted = True

    def acknowledge(self, cursor: Cursor) -> None:
        """An API keeps no cursor."""

    def behind(self) -> int | None:
        return 0 if self._is_exhausted else None

    def notes(self) -> list[str]:
        return []

    def close(self) -> None:
        """The session is closed at the end of the pages."""


def _with_key(state: dict[str, Any] | None, key: str) -> Cursor | None:
    return None if state is None else state | {"key": key}


def _files(feed: RecordFeed, progress: "_Progress") -> Iterator[tuple[list[FieldRow], dict[str, Any] | None]]:
    """Rows of each file, and the cursor after it; None if only the end of all records can be one."""
    rows: list[FieldRow] = []
    with closing(feed.pages(progress.since)) as pages:
        for records in pages:
            rows += [row for record in records if progress.is_new(record) for row in feed.rows(record)]
            if len(rows) >= feed.file_rows:
                if progress.is_new_file(rows):
                    yield rows, progress.to_json() if feed.is_sorted and progress.is_in_order else None
                rows = []
    if rows and progress.is_new_file(rows):
        yield rows, None


class _Progress:
    """Which records were read: the newest value, digests of the records within `look_back` of it, and, for an API
    without such a value, digests of the files of the last run."""

    def __init__(self, feed: RecordFeed, cursor: Cursor) -> None:
        self._feed = feed
        self._newest: Any = cursor.get("newest")
        self._newest_at = None if self._newest is None else parse_instant(self._newest)
        self._start = None if self._newest_at is None else self._newest_at - feed.look_back
        self._before = frozenset(cursor.get("recent", ()))
        self._recent: dict[str, Decimal | None] = {}
        self._files_before, self._files = cursor.get("files", []), list[str]()
        self._last_at: Decimal | None = None
        self.is_in_order = True

    @property
    def since(self) -> str | None:
        """The value from which records are read again."""
        return None if self._newest is None else earlier_instant(self._newest, self._feed.look_back)

    def is_new(self, record: ApiRecord) -> bool:
        """Whether a record was not read before as it is. Adds it to those read."""
        if self._feed.changed_at is None:
            return True
        value = self._feed.changed_at(record)
        at = None if value is None else parse_instant(value)
        if at is not None and self._start is not None and at < self._start:
            return False
        digest = _digest(record)
        is_new = digest not in self._before and digest not in self._recent
        self._recent[digest] = at
        if at is not None:
            self.is_in_order = self.is_in_order and (self._last_at is None or at >= self._last_at)
            self._last_at = at
            if self._newest_at is None or at > self._newest_at:
                self._newest, self._newest_at = value, at
        if len(self._recent) > 2 * MAX_RECENT:
            self._forget()
        return is_new

    def is_new_file(self, rows: Sequence[FieldRow]) -> bool:
        if self._feed.changed_at is not None:
            return True
        self._files.append(_digest(rows))
        return self._files[-1] not in self._files_before

    def _forget(self) -> None:
        """Keep the newest digests within `look_back`, and those of records without a value."""
        newest = self._newest_at or Decimal()
        kept = [(newest if at is None else at, digest, at) for digest, at in self._recent.items()]
        kept = sorted(
            (entry for entry in kept if entry[0] >= newest - self._feed.look_back), key=lambda entry: entry[0]
        )
        self._recent = {digest: at for _, digest, at in kept[-MAX_RECENT:]}

    def to_json(self) -> dict[str, Any]:
        self._forget()
        newest = str(self._newest) if isinstance(self._newest, Decimal) else self._newest
        return {"newest": newest, "recent": list(self._recent), "files": self._files}


def _digest(value: Any) -> str:
    text = json.dumps(value, default=str, sort_keys=True)
    return urlsafe_b64encode(blake2b(text.encode(), digest_size=12).digest()).decode()


def _many(count: int, name: str) -> str:
    return f"{count:,} {name}{'s' * (count != 1)}"
