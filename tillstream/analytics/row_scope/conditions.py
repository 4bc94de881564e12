"""WHERE conditions of the rows that a query reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tillstream.domain.daily_totals import DAY


@dataclass
class Where:
    """Conditions joined by AND; values are always parameters."""

    conditions: list[str] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)
    """Columns used by `is_in` conditions."""
    computed: Mapping[str, str] = field(default_factory=dict)
    """Column → expression that replaces it in `is_in` conditions, because engines can test it before joins."""

    def is_in(self, column: str, values: Sequence[str] | None, name: str) -> None:
        """Require `column` to be one of `values`. None: no condition; empty: no rows."""
        if values is None:
            return
        if not values:
            self.conditions.append("FALSE")
            return
        self.conditions.append(f"{self.computed.get(column, column)} IN UNNEST(@{name})")
        self.params[name] = list(values)
        self.columns.add(column)

    def between(self, first: date | None, last: date | None, name: str, column: str = DAY) -> None:
        """Limit the sale date or another day, bounds inclusive; None: no bound."""
        for sign, day, end in ((">=", first, "from"), ("<=", last, "to")):
            if day is not None:
                self.conditions.append(f"{column} {sign} @{name}_{end}")
                self.params[f"{name}_{end}"] = day

    def select(self, table: str, columns: str = "*", extra: str = "") -> str:
        conditions = [*self.conditions, *([extra] if extra else [])]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return f"SELECT {columns} FROM {table}{where}"
