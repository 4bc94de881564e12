"""Lists: what a person asked of one, out of the address, and the page of it that is shown."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from flask import request

PER_PAGE = 25
SIZES = (25, 50, 100)


@dataclass(frozen=True)
class Asked:
    """The state of a list: search words, filters by name, sort (`-name` for downwards), page, rows per page."""

    q: str = ""
    sort: str = ""
    page: int = 1
    size: int = PER_PAGE
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kept: Mapping[str, Any] = field(default_factory=dict)

    @property
    def args(self) -> dict[str, Any]:
        """As an address says it; what is usual is left out, so that links stay short."""
        size = self.size if self.size != PER_PAGE else ""
        chosen = {name: list(values) for name, values in self.chosen.items()}
        return {**self.kept, "q": self.q, **chosen, "sort": self.sort, "size": size, "page": ""}

    @property
    def anything(self) -> bool:
        return bool(self.q or any(self.chosen.values()))

    @property
    def first(self) -> int:
        """How many rows stand before this page."""
        return (self.page - 1) * self.size

    @property
    def column(self) -> str:
        return self.sort.removeprefix("-")

    @property
    def down(self) -> bool:
        return self.sort.startswith("-")


@dataclass(frozen=True)
class Page:
    """The rows shown; `total` is None where counting all would cost more than it tells."""

    asked: Asked
    rows: Sequence[Any]
    total: int | None = None
    more: bool = False

    @property
    def last(self) -> int | None:
        return None if self.total is None else max(1, -(-self.total // self.asked.size))


def asked(
    *, sorts: Collection[str] = (), filters: Collection[str] = (), keep: Collection[str] = (), usual: str = ""
) -> Asked:
    """Out of this request's address; an unknown sort is the usual one. `keep` is carried along, and no filter."""
    sort = request.args.get("sort", "")
    size = request.args.get("size", PER_PAGE, type=int)
    return Asked(
        q=request.args.get("q", "").strip()[:200],
        sort=sort if sort.removeprefix("-") in sorts else usual,
        page=max(1, request.args.get("page", 1, type=int)),
        size=size if size in SIZES else PER_PAGE,
        chosen={name: tuple(filter(None, request.args.getlist(name))) for name in filters},
        kept={name: request.args[name] for name in keep if request.args.get(name)},
    )


def page_of(asked: Asked, rows: Iterable[Any], total: int | None = None) -> Page:
    """A page cut out of all the rows; a sequence says its total itself."""
    if total is None and isinstance(rows, Sequence):
        total = len(rows)
    cut = list(islice(rows, asked.first, asked.first + asked.size + 1))
    return Page(asked, cut[: asked.size], total, len(cut) > asked.size)
