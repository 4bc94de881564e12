"""docs/scale.md: what one and ten million sales a day come to on Google Cloud, by arithmetic."""

from collections.abc import Callable, Iterable, Mapping

from devtools.billing.prices import PRICES, PRICES_OF, query_cost
from devtools.billing.traffic import DAY, NIGHT_HOURS
from docs.generate.markdown import page as markdown
from docs.generate.markdown import table
from docs.generate.scale import freshness, large, text
from docs.generate.scale.apart import corrected, idle_costs, late, quality, sale_events
from docs.generate.scale.model import Day
from docs.generate.scale.quotas import quotas
from docs.generate.scale.samples import samples, statements
from docs.generate.scale.seconds import ACKNOWLEDGE_SECONDS, FILE_SECONDS, Night
from docs.generate.scale.targets import targets

SALES = (1_000_000, 10_000_000)
AGES = {30: "30 days", 365: "1 year", 3 * 365: "3 years"}
DAYS = {(sales, days): Day(sales, days) for sales in SALES for days in AGES}
YEAR = [DAYS[sales, 365] for sales in SALES]
HEAD = [f"{day.sales:,} sales" for day in YEAR]
ALL = [f"{sales // 1_000_000} M, {age}" for sales in SALES for age in AGES.values()]


def page() -> str:
    assumed = text.assumptions()
    return markdown(
        "Scale",
        text.INTRO,
        "## Targets",
        text.TARGETS,
        table(("target", "estimate", ""), targets(DAYS)),
        "## A day",
        table(("of a day", *HEAD), _counts()),
        assumed,
        "## Freshness",
        freshness.TEXT,
        table(("step", "seconds"), freshness.steps(YEAR[0])),
        freshness.COSTS,
        table(("USD a day", *HEAD), freshness.costs(YEAR)),
        "## A settlement",
        text.SETTLEMENT,
        table(("of a settlement after a year", "bytes, 1 M", "USD, 1 M", "bytes, 10 M", "USD, 10 M"), _settlement()),
        "## Cost of a day",
        text.COST,
        table(("USD a day", *ALL), _costs(lambda day: day.costs, "total", by_million=True)),
        text.APART,
        table(("USD a day", *ALL), _apart()),
        text.STORAGE,
        table(("USD a day", *ALL), _costs(lambda day: day.storage, "total")),
        text.IDLE,
        table(("of an idle project", "USD a day"), _total(idle_costs())),
        "## A night of files",
        text.night(),
        table(("step, for 2,000 files of 2,000 sales", "minutes"), _night()),
        "## A large file",
        large.text(),
        table(("lines", "new file", "repeated file", "undo"), large.measured()),
        large.text_of_file(),
        table(("step, for a file of 5 GB", "first try", "second try"), large.rows()),
        "## Quotas",
        text.QUOTAS,
        table(("quota", "limit", *HEAD), quotas(YEAR)),
        f"## Prices of {PRICES_OF}",
        text.PRICES,
        table(("price", "USD"), [(name, f"{price:.7f}".rstrip("0").rstrip(".")) for name, price in PRICES.items()]),
        "## Limits, in the order in which they are reached",
        text.limits(),
    )


def _counts() -> list[tuple[str, ...]]:
    rows: tuple[tuple[str, Callable[[Day], str]], ...] = (
        ("lines", lambda day: f"{day.traffic.lines:,.0f}"),
        ("files", lambda day: f"{day.traffic.files:,.0f}"),
        ("micro-batches of tills", lambda day: f"{day.traffic.micro_batches:,.0f}"),
        ("settlements", lambda day: f"{day.traffic.settlements:,.0f}"),
        ("seconds of a settlement", lambda day: f"{day.settle_seconds:.0f}"),
        ("documents written for batches", lambda day: f"{day.documents:,.0f}"),
        ("documents written for the sale index", lambda day: f"{day.indexed:,.0f}"),
        (f"concurrent instances of stage, files within {NIGHT_HOURS} hours", lambda day: f"{_instances(day):,.1f}"),
        ("stored in BigQuery after a year", lambda day: text.in_bytes(day.stored)),
    )
    return [(name, *(shown(day) for day in YEAR)) for name, shown in rows]


def _instances(day: Day) -> float:
    files = day.traffic.files * FILE_SECONDS / (NIGHT_HOURS * 3600)
    return files + day.traffic.micro_batches * ACKNOWLEDGE_SECONDS / DAY


def _settlement() -> list[tuple[str, ...]]:
    new = samples().new
    billed = [[statement.bytes(day.ledger) for statement in statements(new)] for day in YEAR]
    names = [f"`{statement.name}`" for statement in statements(new)]
    rows = [
        (name, *(cell for size in sizes for cell in _cells(size, query_cost(size))))
        for name, *sizes in zip(names, *billed, strict=True)
    ]
    return [*rows, ("total", *(cell for sizes in billed for cell in _cells(sum(sizes), query_cost(sum(sizes)))))]


def _cells(size: float, usd: float) -> tuple[str, str]:
    return text.in_bytes(size), f"{usd:.6f}"


def _costs(
    parts: Callable[[Day], Mapping[str, float]], total: str, *, by_million: bool = False
) -> list[tuple[str, ...]]:
    columns = [parts(day) for day in DAYS.values()]
    sums = [sum(column.values()) for column in columns]
    rows = [(name, *_usd(column[name] for column in columns)) for name in columns[0]]
    rows.append((total, *_usd(sums)))
    if by_million:
        each = (one / day.sales * 1e6 for one, day in zip(sums, DAYS.values(), strict=True))
        rows.append(("for one million sales", *_usd(each)))
    return rows


def _apart() -> list[tuple[str, ...]]:
    kinds: dict[str, Callable[[Day], Mapping[str, float]]] = {
        "1 % late sales": late,
        "1 % corrections": corrected,
        "a subscriber of sale events": sale_events,
        "quality checks every night": quality,
    }
    return [
        (f"{kind}: {part}", *_usd(parts(day)[part] for day in DAYS.values()))
        for kind, parts in kinds.items()
        for part in parts(YEAR[0])
    ]


def _night() -> list[tuple[str, str]]:
    night = Night()
    rows = [(step, f"{seconds / 60:.1f}") for step, seconds in night.steps.items()]
    return [*rows, ("total", f"{night.seconds / 60:.1f}"), ("the last settlement", f"{night.longest / 60:.1f}")]


def _total(costs: Mapping[str, float]) -> list[tuple[str, str]]:
    rows = {**costs, "total": sum(costs.values())}
    return [(name, f"{usd:.2f}") for name, usd in rows.items()]


def _usd(amounts: Iterable[float]) -> list[str]:
    return [f"{amount:,.2f}" for amount in amounts]
