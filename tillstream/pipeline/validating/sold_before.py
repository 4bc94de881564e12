"""What a region has sold and what is usual in it; sales of a currency or country that it never had.

The sales of the region are the memory: once a file with them is confirmed, later files are not held for them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import sql
from sql.limits import NO_DAY
from tillstream.model.batch import Hold, HoldCode, StagingReport
from tillstream.model.contract import Contract
from tillstream.model.countries import country_code, country_name
from tillstream.ports import Warehouse

SoldBefore = frozenset[tuple[str | None, str, str | None]]
"""Stores, currencies and countries of lines."""

MAX_USUAL_COUNTRIES = 5
"""A region that sells in more countries sells abroad: a further one is questioned if most rows are of new ones."""
MAX_LISTED_NAMES = 3


def sold_before(warehouse: Warehouse, region: str) -> SoldBefore:
    """The currencies and countries of the stores of a region, from the daily totals and the days that they lack."""
    (totals,) = warehouse.query(sql.text("daily_totals/summed")).to_pylist()
    stale = warehouse.query(sql.text("daily_totals/stale_days"), {"settlement_no": totals["summed_settlement"]})
    params = {"region": region, "stale": stale.column("sale_date").to_pylist() or [NO_DAY]}
    rows = warehouse.query(sql.text("ledger/sold_before"), params).to_pylist()
    return frozenset((row["store_id"], row["currency"], row["country"]) for row in rows)


@dataclass(frozen=True)
class UsualSales:
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
        return {
            _country_code(one): country_name(one)
            for one in sorted(sold | self._named("country", self.contract.country))
        }

    def is_new_country(self, country: str) -> bool:
        return _country_code(country) not in self.countries

    def _named(self, column: str, constant: str) -> set[str]:
        constants = [constant] if constant and column in self.columns else []
        return {*self.contract.allowed.get(column, ()), *constants}


def _country_code(country: str) -> str:
    return country_code(country) or country.strip().casefold()


def hold_foreign_sales(contract: Contract, report: StagingReport, sold: SoldBefore) -> Hold | None:
    """The hold of a file with sales of a new currency or country. sold: what the region has sold.

    What the contract lists is not new. A region without sales, and without such a list, has nothing to compare with.
    """
    usual = UsualSales(contract, sold, contract.columns)
    parts = [*_new_currencies(contract.region, report, usual), *_new_countries(contract.region, report, usual)]
    return Hold.from_code(HoldCode.FOREIGN_SALES, value=contract.region, detail="; ".join(parts)) if parts else None


def _new_currencies(region: str, report: StagingReport, usual: UsualSales) -> Iterable[str]:
    new = [one.currency for one in report.amounts or () if one.currency not in usual.currencies]
    if usual.currencies and new:
        yield f"amounts in {list_names(new)}, and {region} has sales in {list_names(sorted(usual.currencies))}"


def _new_countries(region: str, report: StagingReport, usual: UsualSales) -> Iterable[str]:
    rows = {one.country: one.rows for one in report.countries if usual.is_new_country(one.country)}
    of_new, of_all = sum(rows.values()), sum(one.rows for one in report.countries)
    if usual.countries and rows and (len(usual.countries) <= MAX_USUAL_COUNTRIES or of_new * 2 > of_all):
        many = "row" if of_new == 1 else "rows"
        names = list_names(sorted(usual.countries.values()))
        yield f"{of_new:,} {many} of {list_names(sorted(rows))}, and {region} has sales of {names}"


def list_names(names: list[str]) -> str:
    rest = f" and {len(names) - MAX_LISTED_NAMES} more" if len(names) > MAX_LISTED_NAMES else ""
    return ", ".join(names[:MAX_LISTED_NAMES]) + rest
