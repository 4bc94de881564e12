"""The catalogue of sql/queries, parsed from the header comments of its files."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from textwrap import indent
from typing import Any

import sql
from tillstream.analytics.measures.composer import MeasureCtes, measure_ctes
from tillstream.analytics.measures.definitions import find_query_dimension, parse_reference
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.permissions import Action
from tillstream.model.text import did_you_mean

_PARAMETER = re.compile(
    r"@(?P<name>\w+) (?P<kind>\w+)(?: = (?P<default>\S*))?(?: of (?P<words>\S+))?: (?P<description>.+)"
)
_NEEDS = "needs: "
_TOTALS = "totals: "
_READS = "reads: "
_AMOUNTS = "amounts: converted"
_FOLLOWS = "follows: "
_MEASURES = "measures of "
_DIMENSIONS = "dimensions of "
_NULL_IF_EMPTY = frozenset({"DATE", "TIMESTAMP"})

_TYPE_NAMES = {
    "STRING": "text",
    "INT64": "a whole number",
    "NUMERIC": "a number",
    "DATE": "a day such as 2026-01-31",
    "TIMESTAMP": "a time such as 2026-01-31T18:00:00Z",
}


@dataclass(frozen=True)
class QueryParameter:
    """A query parameter. `default` is None if it is required; `words`, unless empty, are the permitted values."""

    name: str
    kind: str
    default: str | None
    words: tuple[str, ...]
    description: str

    def value(self, raw: Any) -> Any:
        """Convert `raw`, or the default if it is None, to the parameter's type; NULL for an optional empty day or time.

        Raises `Rejected`.
        """
        text = self.default if raw is None else raw
        if text is None:
            raise Rejected(f"{self.name} is required: {self.description}.")
        if self.words and text not in self.words:
            raise Rejected(f"{self.name} is “{text}”; allowed values are {', '.join(self.words)}.")
        if text == self.default == "" and self.kind in _NULL_IF_EMPTY:
            return None
        try:
            value = _CONVERTERS[self.kind](text)
        except (ValueError, InvalidOperation) as error:
            raise Rejected(f"{self.name} is “{text}”, which is not {_TYPE_NAMES[self.kind]}.") from error
        if self.kind == "INT64" and not 0 <= value < 2**63:
            raise Rejected(f"{self.name} is {value}; it must be 0 or more.")
        return value


def _instant(text: Any) -> datetime:
    at = text if isinstance(text, datetime) else datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


_CONVERTERS: Mapping[str, Any] = {
    "STRING": str,
    "INT64": int,
    "NUMERIC": lambda text: Decimal(str(text)),
    "DATE": lambda text: text if isinstance(text, date) else date.fromisoformat(text),
    "TIMESTAMP": _instant,
}


@dataclass(frozen=True)
class CatalogueQuery:
    """One file of sql/queries, or a query of measures.

    needs: the action that the user's role must permit, if any. totals: the columns whose sum over all rows has a
    meaning. relations: the tables, views and scoped relations that it reads. has_amounts: whether it depends on the
    currency of amounts.
    """

    name: str
    text: str
    description: str
    parameters: tuple[QueryParameter, ...]
    needs: Action | None
    totals: tuple[str, ...] = ()
    relations: frozenset[str] = frozenset()
    has_amounts: bool = False

    def reads(self, relation: str) -> bool:
        return relation in self.relations


@dataclass(frozen=True)
class _Header:
    """The comments at the start of a file of sql/queries or sql/relations."""

    lines: tuple[str, ...]

    @classmethod
    def from_text(cls, text: str) -> "_Header":
        return cls(tuple(line.removeprefix("--").strip() for line in text.splitlines() if line.startswith("--")))

    @property
    def description(self) -> str:
        declared = ("@", _NEEDS, _TOTALS, _READS, _AMOUNTS, _FOLLOWS, _MEASURES, _DIMENSIONS)
        return " ".join(line for line in self.lines if not line.startswith(declared))

    @property
    def parameters(self) -> tuple[QueryParameter, ...]:
        matches = filter(None, map(_PARAMETER.fullmatch, self.lines))
        return tuple(
            QueryParameter(
                m["name"], m["kind"], m["default"], tuple(m["words"].split("|")) if m["words"] else (), m["description"]
            )
            for m in matches
        )

    @property
    def needs(self) -> Action | None:
        return next((Action(needed) for line in self.lines if (needed := _after(_NEEDS, line))), None)

    @property
    def totals(self) -> tuple[str, ...]:
        return self._words(_TOTALS)

    @property
    def reads(self) -> tuple[str, ...]:
        """The tables, views and relations that the text reads; a file may have several lines of them."""
        return self._words(_READS)

    @property
    def follows(self) -> tuple[str, ...]:
        """Relations of the query that one of sql/relations reads, so that it is defined after them."""
        return self._words(_FOLLOWS)

    @property
    def has_amounts(self) -> bool:
        """Whether amounts are in the currency of the query."""
        return _AMOUNTS in self.lines

    @property
    def measured(self) -> Mapping[str, MeasureCtes]:
        """name → CTEs of the relations of measures by dimensions that the text reads, in their order."""
        names = dict.fromkeys(
            line.removeprefix(_MEASURES).partition(":")[0] for line in self.lines if line.startswith(_MEASURES)
        )
        return {name: self._measures(name, f"{name}_" if len(names) > 1 else "") for name in names}

    def _measures(self, name: str, prefix: str) -> MeasureCtes:
        measures = [parse_reference(word) for word in self._words(f"{_MEASURES}{name}: ")]
        dimensions = [find_query_dimension(word) for word in self._words(f"{_DIMENSIONS}{name}: ")]
        return measure_ctes(name, measures, dimensions, prefix)

    def _words(self, start: str) -> tuple[str, ...]:
        lines = (_after(start, line).removesuffix(",") for line in self.lines)
        return tuple(word for line in lines for word in line.split(", ") if word)


def _after(start: str, line: str) -> str:
    return line.removeprefix(start) if line.startswith(start) else ""


def query_names() -> tuple[str, ...]:
    return sql.queries()


@cache
def describe_query(name: str) -> CatalogueQuery:
    """Return the query `name`. Raises `NotFound`."""
    if name not in sql.queries():
        raise NotFound(
            f"There is no query {name}.{did_you_mean(name, sql.queries())} "
            f"Available queries: {', '.join(sql.queries())}."
        )
    text = sql.text(f"queries/{name}")
    header = _Header.from_text(text)
    relations, measured = _relations_of(header), header.measured
    headers = (header, *relations.values())
    measured_ctes = [cte for one in measured.values() for cte in one.ctes]
    ctes = {name: f"{name} AS (\n{indent(sql.relations()[name], '  ')}\n)" for name in relations}
    following = [ctes.pop(name) for name, one in relations.items() if one.follows]
    reads = {relation for one in headers for relation in one.reads} - set(relations) - set(measured)
    reads -= {relation for one in relations.values() for relation in one.follows}
    return CatalogueQuery(
        name,
        insert_ctes(_before_final(text, following), [*ctes.values(), *measured_ctes]),
        header.description,
        header.parameters,
        header.needs,
        header.totals,
        frozenset(reads).union(*(one.relations for one in measured.values())),
        any(one.has_amounts for one in headers) or any(one.has_amounts for one in measured.values()),
    )


def _before_final(text: str, ctes: Sequence[str]) -> str:
    """Return the text with CTEs after its own but the last one, which is called final."""
    before, final, rest = text.partition("\nfinal AS (\n")
    return before + "".join(f"\n{cte}," for cte in ctes) + final + rest


def _relations_of(header: _Header) -> dict[str, _Header]:
    """name → header of the files of sql/relations that a text reads, each after those that it reads itself."""
    relations: dict[str, _Header] = {}
    for name in sql.relations():
        if name in header.reads:
            own = _Header.from_text(sql.text(f"relations/{name}"))
            relations |= _relations_of(own) | {name: own}
    return relations


def insert_ctes(text: str, ctes: Iterable[str]) -> str:
    """Return the text with CTEs, such as `name AS (SELECT …)`, before its own."""
    header, clause, rest = f"\n{text}".partition("\nWITH\n")
    inserted = "".join(f"{cte},\n" for cte in ctes)
    return f"{header}{clause}{inserted}{rest}".removeprefix("\n")
