"""Sales of a currency or country that their region never had: a file with such sales may be one of another region.

The sales of the region are the memory: once a file with them is confirmed, later files are not held for them.
"""

from collections.abc import Iterable

from tillstream.domain.batch.holds import Hold, HoldCode
from tillstream.domain.batch.staging_report import StagingReport
from tillstream.domain.contract.model import Contract
from tillstream.pipeline.validating.sold_before import SoldBefore, Usual

MANY_COUNTRIES = 5
"""A region that sells in more countries sells abroad: a further one is questioned if most rows are of new ones."""
MAX_LISTED = 3


def hold_foreign_sales(contract: Contract, report: StagingReport, sold: SoldBefore) -> Hold | None:
    """The hold of a file with sales of a new currency or country. sold: what the region has sold.

    What the contract lists is not new. A region without sales, and without such a list, has nothing to compare with.
    """
    usual = Usual(contract, sold, contract.columns)
    parts = [*_currencies(contract.region, report, usual), *_countries(contract.region, report, usual)]
    return Hold.of(HoldCode.FOREIGN_SALES, value=contract.region, detail="; ".join(parts)) if parts else None


def _currencies(region: str, report: StagingReport, usual: Usual) -> Iterable[str]:
    new = [one.currency for one in report.amounts or () if one.currency not in usual.currencies]
    if usual.currencies and new:
        yield f"amounts in {listed(new)}, and {region} has sales in {listed(sorted(usual.currencies))}"


def _countries(region: str, report: StagingReport, usual: Usual) -> Iterable[str]:
    rows = {one.country: one.rows for one in report.countries if usual.is_new_country(one.country)}
    of_new, of_all = sum(rows.values()), sum(one.rows for one in report.countries)
    if usual.countries and rows and (len(usual.countries) <= MANY_COUNTRIES or of_new * 2 > of_all):
        many = "row" if of_new == 1 else "rows"
        names = listed(sorted(usual.countries.values()))
        yield f"{of_new:,} {many} of {listed(sorted(rows))}, and {region} has sales of {names}"


def listed(names: list[str]) -> str:
    rest = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return ", ".join(names[:MAX_LISTED]) + rest
