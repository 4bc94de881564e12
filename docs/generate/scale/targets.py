"""The targets of docs/scale.md, and whether the estimate meets them."""

from collections.abc import Mapping

from docs.generate.scale.apart import idle_costs
from docs.generate.scale.freshness import file_seconds, p95, portal_seconds
from docs.generate.scale.model import Day
from docs.generate.scale.seconds import Night, sale_seconds
from infra.functions import EVENT_SECONDS
from infra.goals import FILE_SECONDS, LIVE_SECONDS

PER_MILLION, PER_MILLION_OF_TEN = 5.0, 3.0
IDLE = 3.0
NIGHT_MINUTES = 30
FLAT = 1.02
"""Greatest ratio of costs after three years to those after 30 days."""


def targets(days: Mapping[tuple[int, int], Day]) -> list[tuple[str, str, str]]:
    month, years = days[1_000_000, 30], days[1_000_000, 3 * 365]
    ten = days[10_000_000, 30]
    small, old, large = (sum(day.costs.values()) for day in (month, years, ten))
    growing = [name for name, usd in years.costs.items() if usd > FLAT * month.costs[name]]
    idle, night = sum(idle_costs().values()), Night()
    fresh, file = sale_seconds(month.settle_seconds), p95(file_seconds(month.settle_seconds))
    visible = p95(portal_seconds())
    return [
        (
            f"at most ${PER_MILLION:g} per million sales, 1 million a day, after 30 days",
            f"${small:.2f}",
            _met(small, PER_MILLION),
        ),
        (
            "the same after 3 years",
            f"${old:.2f}; grows: {', '.join(growing) or 'nothing'}",
            _met(old, FLAT * small),
        ),
        (
            f"at most ${PER_MILLION_OF_TEN:g} per million sales, 10 million a day, after 30 days",
            f"${large / 10:.2f}",
            _met(large / 10, PER_MILLION_OF_TEN),
        ),
        (
            f"19 of 20 sales of tills are on open pages within {LIVE_SECONDS} seconds",
            f"{visible:.1f} seconds",
            _met(visible, LIVE_SECONDS),
        ),
        (
            f"19 of 20 files are in the ledger within {FILE_SECONDS} seconds",
            f"{file:.0f} seconds",
            _met(file, FILE_SECONDS),
        ),
        ("a sale of a till is in the ledger within a minute, on average", f"{fresh:.0f} seconds", _met(fresh, 60)),
        (f"at most ${IDLE:g} a day for an idle project", f"${idle:.2f}", _met(idle, IDLE)),
        (
            f"2,000 files of 2,000 sales settle within {NIGHT_MINUTES} minutes",
            f"{night.seconds / 60:.0f} minutes",
            _met(night.seconds / 60, NIGHT_MINUTES),
        ),
        (
            f"each of its settlements within the {EVENT_SECONDS // 60} minutes of the function",
            f"{night.longest / 60:.0f} minutes",
            _met(night.longest, EVENT_SECONDS),
        ),
    ]


def _met(figure: float, limit: float) -> str:
    return "met" if figure <= limit else "not met"
