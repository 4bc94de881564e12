"""List pages: search, sort, filters and paging from the address, and the page of rows shown."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, TypedDict

from flask import request

from tillstream.model.text import fold_case
from tillstream.ports.warehouse import Row

PER_PAGE = 25
SIZES = (25, 50, 100)
LAST_PAGE = 1_000_000
"""The greatest page number; its first row is a number that every store of documents and every engine accepts."""


class TableHead(TypedDict, total=False):
    """A column as the template macro `table` expects it. num: aligned to the right. unit: after its label."""

    key: str
    label: str
    sort: bool
    num: bool
    unit: str
    hint: str


@dataclass(frozen=True)
class ListQuery:
    """State of a list: search text, filters by name, sort (`-name` for descending), page and page size."""

    q: str = ""
    sort: str = ""
    page: int = 1
    size: int = PER_PAGE
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kept: Mapping[str, Any] = field(default_factory=dict)

    @property
    def args(self) -> dict[str, object]:
        """Query arguments; defaults are left out to keep links short."""
        size = self.size if self.size != PER_PAGE else ""
        chosen = {name: list(values) for name, values in self.chosen.items()}
        return {**self.kept, "q": self.q, **chosen, "sort": self.sort, "size": size, "page": ""}

    @property
    def anything(self) -> bool:
        return bool(self.q or any(self.chosen.values()))

    @property
    def first(self) -> int:
        """Offset of the first row of this page."""
        return (self.page - 1) * self.size

    @property
    def column(self) -> str:
        return self.sort.removeprefix("-")

    @property
    def down(self) -> bool:
        return self.sort.startswith("-")


@dataclass(frozen=True)
class ListPage:
    """Rows of one page; `total` is None where counting all rows would cost too much."""

    query: ListQuery
    rows: Sequence[Any]
    total: int | None = None
    more: bool = False

    @property
    def last(self) -> int | None:
        return None if self.total is None else max(1, -(-self.total // self.query.size))


def page_number(args: Mapping[str, str]) -> int:
    """Page number in the arguments, from 1 to `LAST_PAGE`; 1 if there is none, or text that is not a number."""
    try:
        return min(max(1, int(args.get("page", "1"))), LAST_PAGE)
    except ValueError:
        return 1


def list_query(
    *, sorts: Collection[str] = (), filters: Collection[str] = (), keep: Collection[str] = (), default_sort: str = ""
) -> ListQuery:
    """List query of this request; an unknown sort falls back to `default_sort`. `keep`: arguments kept in links."""
    sort = request.args.get("sort", "")
    size = request.args.get("size", PER_PAGE, type=int)
    return ListQuery(
        q=request.args.get("q", "").strip()[:200],
        sort=sort if sort.removeprefix("-") in sorts else default_sort,
        page=page_number(request.args),
        size=size if size in SIZES else PER_PAGE,
        chosen={name: tuple(filter(None, request.args.getlist(name))) for name in filters},
        kept={name: request.args[name] for name in keep if request.args.get(name)},
    )


def in_order(rows: Iterable[Row], query: ListQuery) -> list[Row]:
    """Rows by the column of the query; those without a value come last in both directions."""
    rows = list(rows)
    valued = [row for row in rows if row[query.column] is not None]
    valued.sort(key=lambda row: fold_case(row[query.column]), reverse=query.down)
    return valued + [row for row in rows if row[query.column] is None]


def page_of(query: ListQuery, rows: Iterable[Any]) -> ListPage:
    """Slice one page out of all rows; the total of a sequence is its length.

    A page after the last one is the last one if all rows are in a sequence, as after rows were deleted.
    """
    total = None
    if isinstance(rows, Sequence):
        total = len(rows)
        query = replace(query, page=min(query.page, max(1, -(-total // query.size))))
    cut = list(islice(rows, query.first, query.first + query.size + 1))
    return ListPage(query, cut[: query.size], total, len(cut) > query.size)
