"""What conditions read, kept for one evaluation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import sql
from tillstream.analytics.filters import Filters
from tillstream.analytics.query_cache import QueryCache
from tillstream.catalogue import listing
from tillstream.contracts import source_settings
from tillstream.contracts.registry import ContractRegistry
from tillstream.domain.alerts.kind import Limit
from tillstream.domain.alerts.rules import AlertRule
from tillstream.domain.catalogue.entries import EntryKind, Store
from tillstream.model.contract import Contract
from tillstream.ports import Ports


@dataclass(frozen=True)
class AlertSources:
    """currency: the reporting currency. cache: of the queries of the process."""

    ports: Ports
    contracts: ContractRegistry
    currency: str
    cache: QueryCache | None = None

    def rows(self, name: str, **params: Any) -> list[dict[str, Any]]:
        """The rows of a query of sql/alerts."""
        rows: list[dict[str, Any]] = self.ports.warehouse.query(sql.text(f"alerts/{name}"), params).to_pylist()
        return rows

    @cached_property
    def expected(self) -> list[Contract]:
        """The contracts with the expectations that apply."""
        return source_settings.with_expectations(self.ports, self.contracts.all().values())

    @cached_property
    def stores(self) -> Mapping[tuple[str, str], Store]:
        """The stores of the catalogue by region and id."""
        entries = listing.entries(self.ports, EntryKind.STORE).values()
        return {(one.region, one.store_id): one for one in entries if isinstance(one, Store)}

    def place(self, region: str, store: str | None) -> str:
        """A store, by its name if it has one, or a region."""
        if store is None:
            return f"region {region}" if region else "all regions"
        entry = self.stores.get((region, store))
        if entry and entry.name not in {"", store}:
            return f"{entry.name} ({store}, {region})"
        return f"store {store} in {region}" if store else f"sales without a store in {region}"

    def sales_path(self, day: date, region: str, store: str | None) -> str:
        """The page with the sales of a day."""
        where = {"from": day, "to": day, "region": region} | ({"store": store} if store else {})
        return f"/dashboard?{urlencode(where)}"


def filters_of(rule: AlertRule, first: date, last: date) -> Filters:
    """The sales of some days that a rule is limited to."""

    def chosen(limit: Limit) -> tuple[str, ...] | None:
        return rule.limits.get(limit) or None

    return Filters(
        first,
        last,
        region=chosen(Limit.REGIONS),
        store=chosen(Limit.STORES),
        category=chosen(Limit.CATEGORIES),
        product=chosen(Limit.PRODUCTS),
    )
