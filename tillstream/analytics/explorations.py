"""Explorations: measures by dimensions, with values across columns and a comparison, as an address contains them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from tillstream.analytics.measure_values import visible_dimensions, visible_measures
from tillstream.analytics.measures.composer import compares_periods
from tillstream.analytics.measures.definitions import Dimension, Measure
from tillstream.model.errors import Rejected
from tillstream.model.people import Scope

MEASURE, BY, ACROSS, CHART, AGAINST, FIRST = "measure", "by", "across", "chart", "against", "first"
UNGROUPED = "none"
"""Instead of a dimension: the address chooses none, where a missing one means the default."""
DEFAULT_MEASURES, DEFAULT_BY = ("revenue", "orders"), ("category",)
MAX_MEASURES, MAX_DIMENSIONS = 8, 3
GOALS, HAVING, IS, LOW, HIGH = "goals", "having", "having-is", "having-value", "having-to"
HAVING_KINDS = ("above", "below", "between")
FIRSTS = (5, 10, 20, 50)
"""How many groups a page can be limited to, in its order."""
Arguments = Mapping[str, Sequence[str]]
T = TypeVar("T")


@dataclass(frozen=True)
class Having:
    """Which groups a page shows. column: of its table. kind: one of `HAVING_KINDS`. low, high: as a person entered
    them; of above and below only `low` counts."""

    column: str
    kind: str
    low: str
    high: str = ""

    @property
    def args(self) -> dict[str, list[str]]:
        """As arguments of the address."""
        return {HAVING: [self.column], IS: [self.kind], LOW: [self.low], HIGH: [self.high] if self.high else []}


@dataclass(frozen=True)
class Exploration:
    """`by`: dimensions of the rows. `across`: the dimension whose values are columns, if any. `against`: the kind of
    comparison; empty: none. `first`: how many groups a page shows, in its order; 0: all. `goals`: whether a page
    shows the goals of the groups. `having`: which groups it shows; None: all."""

    measures: tuple[Measure, ...]
    by: tuple[Dimension, ...]
    across: Dimension | None
    chart: str
    against: str
    first: int = 0
    goals: bool = False
    having: Having | None = None

    @cached_property
    def dimensions(self) -> tuple[Dimension, ...]:
        return (*self.by, self.across) if self.across else self.by

    @property
    def has_periods(self) -> bool:
        return any(one.is_period for one in self.dimensions)

    @property
    def shown(self) -> tuple[Measure, ...]:
        """The measures of the table: the first one, if values are across columns."""
        return self.measures[:1] if self.across else self.measures

    @property
    def args(self) -> dict[str, list[str]]:
        """As arguments of the address."""
        across = [self.across.name] if self.across else []
        return {
            MEASURE: [one.name for one in self.measures],
            BY: [one.name for one in self.by] or [UNGROUPED],
            ACROSS: across,
            CHART: [self.chart] if self.chart else [],
            AGAINST: [self.against] if self.against else [],
            FIRST: [str(self.first)] if self.first else [],
            GOALS: ["yes"] if self.goals else [],
            **(self.having.args if self.having else {}),
        }


def offered_measures(scope: Scope) -> list[Measure]:
    """Measures that the user may see and that can be grouped."""
    return [one for one in visible_measures(scope) if not one.has_query_only]


def parse_exploration(arguments: Arguments, scope: Scope) -> Exploration:
    """The exploration of an address. Raises `Rejected` for names that the user cannot choose."""
    measures = {one.name: one for one in offered_measures(scope)}
    dimensions = {one.name: one for one in visible_dimensions(scope)}
    default_by = () if any(arguments.get(ACROSS, ())) else DEFAULT_BY
    by = _chosen(arguments, BY, dimensions, default_by, MAX_DIMENSIONS)
    across = _chosen(arguments, ACROSS, dimensions, (), 1)
    if across and across[0] in by:
        by = tuple(one for one in by if one != across[0])
    chosen = _chosen(arguments, MEASURE, measures, DEFAULT_MEASURES, MAX_MEASURES)
    if any(one.is_period for one in (*by, *across)):
        chosen = tuple(one for one in chosen if not compares_periods(one)) or (measures[DEFAULT_MEASURES[0]],)
    chart, against, first = (next(iter(arguments.get(name, ())), "") for name in (CHART, AGAINST, FIRST))
    limit = int(first) if first in map(str, FIRSTS) else 0
    goals = "yes" in arguments.get(GOALS, ())
    return Exploration(chosen, by, across[0] if across else None, chart, against, limit, goals, _having(arguments))


def _having(arguments: Arguments) -> Having | None:
    """Which groups are shown; None without a column or a number."""
    column, kind, low, high = (next(iter(arguments.get(name, ())), "").strip() for name in (HAVING, IS, LOW, HIGH))
    if not column or not low:
        return None
    return Having(column, kind if kind in HAVING_KINDS else HAVING_KINDS[0], low, high)


def _chosen(
    arguments: Arguments, name: str, offered: Mapping[str, T], default: Sequence[str], most: int
) -> tuple[T, ...]:
    """The chosen ones; the default ones if the address does not choose, and at least a measure."""
    names = list(dict.fromkeys(filter(None, arguments.get(name, ()))))
    if not names and (name not in arguments or name == MEASURE):
        names = list(default)
    names = [one for one in names if one != UNGROUPED]
    unknown = [one for one in names if one not in offered]
    if unknown:
        raise Rejected(f"{unknown[0]} cannot be chosen here. Use one of: {', '.join(offered)}.")
    return tuple(offered[one] for one in names[:most])
