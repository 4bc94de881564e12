"""The catalogue of sql/queries, parsed from the header comments of its files."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache, cached_property
from textwrap import indent
from typing import Any

import sql
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.permissions import Action
from tillstream.model.text import did_you_mean

_PARAMETER = re.compile(
    r"@(?P<name>\w+) (?P<kind>\w+)(?: = (?P<default>\S*))?(?: of (?P<words>\S+))?: (?P<description>.+)"
)
_NEEDS = "needs: "
_TOTALS = "totals: "

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
    """One file of sql/queries. `needs` is the action that the user's role must permit, if any. `totals` are the columns
    whose sum over all rows has a meaning."""

    name: str
    text: str
    description: str
    parameters: tuple[QueryParameter, ...]
    needs: Action | None
    totals: tuple[str, ...] = ()

    def reads(self, relation: str) -> bool:
        return relation in self._words

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(re.findall(r"\w+", self.text))


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
    header = [line.removeprefix("--").strip() for line in text.splitlines() if line.startswith("--")]
    matches = [match for line in header if (match := _PARAMETER.fullmatch(line))]
    needs = next((Action(line.removeprefix(_NEEDS)) for line in header if line.startswith(_NEEDS)), None)
    totals = next((line.removeprefix(_TOTALS).split(", ") for line in header if line.startswith(_TOTALS)), [])
    description = " ".join(line for line in header if not line.startswith(("@", _NEEDS, _TOTALS)))
    parameters = tuple(
        QueryParameter(
            m["name"],
            m["kind"],
            m["default"],
            tuple((m["words"] or "").split("|")) if m["words"] else (),
            m["description"],
        )
        for m in matches
    )
    return CatalogueQuery(name, _with_relations(text), description, parameters, needs, tuple(totals))


def _with_relations(text: str) -> str:
    """Define the relations of sql/relations that a query reads, before its own."""
    ctes = "".join(f"{name} AS (\n{indent(select, '  ')}\n),\n" for name, select in _relations_of(text).items())
    return text.replace("WITH\n", f"WITH\n{ctes}", 1)


def _relations_of(text: str) -> dict[str, str]:
    """name → SELECT of the relations that a text reads, each after those that it reads itself."""
    relations: dict[str, str] = {}
    for name, select in sql.relations().items():
        if re.search(rf"\b{name}\b", text):
            relations |= _relations_of(select) | {name: select}
    return relations
