"""What a region has sold, and what is usual in it; for functions that load no tables, too."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import sql
from sql.limits import NO_DAY
from tillstream.domain.contract.model import Contract
from tillstream.domain.countries import code_of, name_of
from tillstream.ports import Warehouse

SoldBefore = frozenset[tuple[str | None, str, str | None]]
"""Stores, currencies and countries of lines."""


def sold_before(warehouse: Warehouse, region: str) -> SoldBefore:
    """The currencies and countries of the stores of a region, from the daily totals and the days that they lack."""
    (totals,) = warehouse.query(sql.text("daily_totals/summed")).to_pylist()
    stale = warehouse.query(sql.text("daily_totals/stale_days"), {"settlement_no": totals["summed_settlement"]})
    params = {"region": region, "stale": stale.column("sale_date").to_pylist() or [NO_DAY]}
    rows = warehouse.query(sql.text("ledger/sold_before"), params).to_pylist()
    return frozenset((row["store_id"], row["currency"], row["country"]) for row in rows)


@dataclass(frozen=True)
class Usual:
    """The currencies and countries that are not new to a region: what it has sold, and what its contract names."""

    contract: Contract
    sold: SoldBefore
    columns: Collection[str]
    """Of the sales that are compared: a constant in place of a column is in every row and no evidence of the region."""

    @cached_property
    def currencies(self) -> set[str]:
        sold = {currency for _, currency, _ in self.sold if currency}
        return sold | self._named("currency", self.contract.currency)

    @cached_property
    def countries(self) -> Mapping[str, str]:
        """Code → name."""
        sold = {country for _, _, country in self.sold if country}
        return {_code(one): name_of(one) for one in sorted(sold | self._named("country", self.contract.country))}

    def is_new_country(self, country: str) -> bool:
        return _code(country) not in self.countries

    def _named(self, column: str, constant: str) -> set[str]:
        constants = [constant] if constant and column in self.columns else []
        return {*self.contract.allowed.get(column, ()), *constants}


def _code(country: str) -> str:
    return code_of(country) or country.strip().casefold()
