"""Choice of the display currency: the reader's own, the reporting currency, those in the data, and all with rates."""

from dataclasses import dataclass

from portal import figures
from portal.context import tillstream
from portal.dashboard import texts
from tillstream.analytics.filters import Filters


@dataclass(frozen=True)
class CurrencyChoice:
    """`value`: what the address contains; empty for the reader's own currency, which needs no parameter."""

    value: str
    label: str
    chosen: bool


def choices() -> list[CurrencyChoice]:
    """Currencies to choose from, the reader's own first; empty if all sales are in that one."""
    own, reporting = figures.readers_currency(), tillstream().settings.reporting_currency
    sold = [row["currency"] for row in figures.ask("by-currency", Filters(currency=reporting)).to_pylist()]
    rated = figures.currencies()
    offered = dict.fromkeys([own, reporting, *(code for code in sold if code in rated), figures.currency()])
    if len(offered) == 1:
        return []
    offered |= dict.fromkeys(sorted(rated))
    return [
        CurrencyChoice("" if code == own else code, _label(code, own, reporting), code == figures.currency())
        for code in offered
    ]


def _label(code: str, own: str, reporting: str) -> str:
    if code == own != reporting:
        return texts.own_currency(code)
    return texts.reporting_currency(code) if code == reporting != own else code
