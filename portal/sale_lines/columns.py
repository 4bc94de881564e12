"""Columns of the sale lines: labels, defaults, and which can be sorted."""

from dataclasses import dataclass
from typing import Any, Literal

from portal.sale_lines.texts import LABELS
from tillstream.analytics.line_export import PAGE_COLUMNS
from tillstream.analytics.query_catalogue import describe_query
from tillstream.model.columns import BY_NAME, COSTS, PERSONAL, ColumnKind
from tillstream.model.people import Action, Scope

AMOUNTS = frozenset({"unit_price", "discount", "tax", "net_amount", "gross_amount", "unit_cost"})


@dataclass(frozen=True)
class Shown:
    name: str
    label: str
    kind: Literal["amount", "number", "day", "instant", "text"]
    sorts: bool

    def head(self, currency: str) -> dict[str, Any]:
        """Column header as the template macro `table` expects it."""
        unit = currency if self.name == "reporting_amount" else ""
        num = self.kind in {"amount", "number"}
        return {"key": self.name, "label": self.label, "sort": self.sorts, "num": num, "unit": unit}


def offered(scope: Scope) -> dict[str, Shown]:
    """Columns that the user may choose, in display order."""
    sorted_by = next(p for p in describe_query("lines-page").parameters if p.name == "sort").words
    hidden = (() if scope.may(Action.SEE_PERSONAL) else PERSONAL, () if scope.may(Action.SEE_COSTS) else COSTS)
    return {
        name: Shown(name, label, _kind(name), name in sorted_by)
        for name, label in LABELS.items()
        if not any(name in columns for columns in hidden)
    }


def chosen(scope: Scope, wanted: list[str]) -> list[Shown]:
    """Requested columns, or the default ones; unknown names are ignored."""
    available = offered(scope)
    columns = [available[name] for name in available if name in wanted]
    return columns or [available[name] for name in PAGE_COLUMNS if name in available]


def _kind(name: str) -> Literal["amount", "number", "day", "instant", "text"]:
    if name in AMOUNTS or name == "reporting_amount":
        return "amount"
    match BY_NAME[name].kind:
        case ColumnKind.NUMERIC | ColumnKind.INT64:
            return "number"
        case ColumnKind.DATE:
            return "day"
        case ColumnKind.TIMESTAMP:
            return "instant"
    return "text"
