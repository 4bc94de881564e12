"""The goals and standings of a month, as pages, the API and commands read them."""

from dataclasses import dataclass
from functools import cached_property

from tillstream.analytics.query_cache import QueryCache
from tillstream.contracts import source_settings
from tillstream.contracts.registry import ContractRegistry
from tillstream.domain.goals.goal import GoalMeasure, Target
from tillstream.goals import records
from tillstream.goals.records import GoalsOfMonth
from tillstream.goals.sales import Sales
from tillstream.goals.standings import Standings
from tillstream.goals.tree import GoalTree
from tillstream.model.months import Month
from tillstream.ports import Ports


@dataclass(frozen=True)
class MonthOfGoals:
    """A month, with what is read of it kept for one request."""

    ports: Ports
    contracts: ContractRegistry
    reporting_currency: str
    month: Month
    cache: QueryCache | None = None

    @cached_property
    def stored(self) -> GoalsOfMonth:
        """The goals that were entered."""
        return records.read(self.ports, self.month)

    @cached_property
    def sales(self) -> Sales:
        contracts = [self.contracts.current(name) for name in self.contracts.names()]
        resolved = tuple(source_settings.with_expectations(self.ports, contracts))
        return Sales(self.ports.warehouse, self.ports.clock.now().date(), resolved, self.cache)

    def standings(self, measure: GoalMeasure) -> Standings:
        """The standings in one measure."""
        entered = {goal.target: goal for goal in self.stored.goals.values() if goal.measure is measure}
        return Standings(self.sales, GoalTree(self.sales, self.month, measure, entered, self.reporting_currency))

    def currency_of(self, target: Target) -> str:
        """The currency in which a goal of the target is usually entered: that of its region."""
        of_region = {
            contract.currency
            for contract in self.sales.contracts
            if contract.region == target.region and contract.currency
        }
        return str(of_region.pop()) if len(of_region) == 1 else self.reporting_currency
