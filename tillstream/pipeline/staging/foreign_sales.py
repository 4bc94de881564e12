"""Sales of a currency or country that their region never had: a file with such sales may be one of another region.

The sales of the region are the memory: once a file with them is confirmed, later files are not held for them.
"""

from collections.abc import Iterable, Mapping

from tillstream.domain.batch.holds import Hold, HoldCode
from tillstream.domain.batch.staging_report import StagingReport
from tillstream.domain.contract.model import Contract
from tillstream.domain.countries import code_of, name_of
from tillstream.pipeline.validating.history import SoldBefore

MANY_COUNTRIES = 5
"""A region that sells in more countries sells abroad: a further one is questioned if most rows are of new ones."""
MAX_LISTED = 3


def hold_foreign_sales(contract: Contract, report: StagingReport, sold: SoldBefore) -> Hold | None:
    """The hold of a file with sales of a new currency or country. sold: what the region has sold.

    What the contract lists is not new. A region without sales, and without such a list, has nothing to compare with.
    """
    parts = [*_currencies(contract, report, sold), *_countries(contract, report, sold)]
    return Hold.of(HoldCode.FOREIGN_SALES, value=contract.region, detail="; ".join(parts)) if parts else None


def _currencies(contract: Contract, report: StagingReport, sold: SoldBefore) -> Iterable[str]:
    usual = {currency for _, currency, _ in sold} | _listed_by(contract, "currency", contract.currency)
    new = [one.currency for one in report.amounts or () if one.currency not in usual]
    if usual and new:
        yield f"amounts in {_listed(new)}, and {contract.region} has sales in {_listed(sorted(usual))}"


def _countries(contract: Contract, report: StagingReport, sold: SoldBefore) -> Iterable[str]:
    usual = _by_code({country for _, _, country in sold if country} | _listed_by(contract, "country", contract.country))
    rows = {one.country: one.rows for one in report.countries if _code(one.country) not in usual}
    of_new, of_all = sum(rows.values()), sum(one.rows for one in report.countries)
    if usual and rows and (len(usual) <= MANY_COUNTRIES or of_new * 2 > of_all):
        many = "row" if of_new == 1 else "rows"
        names = _listed(sorted(usual.values()))
        yield f"{of_new:,} {many} of {_listed(sorted(rows))}, and {contract.region} has sales of {names}"


def _listed_by(contract: Contract, column: str, constant: str) -> set[str]:
    """The values of a column that the contract names. A constant of every row is no evidence of the region."""
    return {*contract.allowed.get(column, ()), *([constant] if constant and column in contract.columns else ())}


def _by_code(countries: Iterable[str]) -> Mapping[str, str]:
    """Code of each country → its name."""
    return {_code(one): name_of(one) for one in sorted(countries)}


def _code(country: str) -> str:
    return code_of(country) or country.strip().casefold()


def _listed(names: list[str]) -> str:
    rest = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return ", ".join(names[:MAX_LISTED]) + rest
