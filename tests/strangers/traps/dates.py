"""Dates in unusual forms: some can be read for certain, the others must not become one day of the whole file."""

from collections.abc import Callable

from tests.strangers.case import Case, Expected
from tests.strangers.facts import Line
from tests.strangers.tables import Columns, cells, delimited, plain, stamp, strip, text
from tests.strangers.traps.traps import BASE, clerk, plan
from tests.strangers.truth import truth_of

FAMILY = "dates"
TRAPS = ("dates in an unusual form",)
DATED = "sales_2026-04-30.csv"


def case(
    name: str, lines: list[Line], date: str | Callable[[Line], object], expected: Expected = "held",
    build: Callable[[], bytes] | None = None, file: str = DATED, **answers: str,
) -> Case:  # fmt: skip
    dates = stamp(date) if isinstance(date, str) else date
    columns: Columns = {**BASE, "Date": dates, "Total": lambda line: plain(line.total)}
    who = clerk({"net_amount": "Total"}, **answers)
    truth = truth_of(lines, "EUR")
    return Case(f"date-{name}", FAMILY, file, build or (lambda: delimited(lines, columns)), who, truth, expected, TRAPS)


def below_headings(lines: list[Line]) -> bytes:
    """A row with the day above the sales of each day."""
    columns: Columns = {name: BASE[name] for name in BASE if name != "Date"}
    rows = [[*columns, "Total"]]
    day = ""
    for line in lines:
        if (new := strip(line.at, "%d/%m/%Y")) != day:
            rows.append([new, *[""] * (len(rows[0]) - 1)])
            day = new
        rows.append([*cells([line], columns, header=False)[0], plain(line.total)])
    return text(rows).encode()


def cases() -> list[Case]:
    lines = plan(961, sales=80)
    return [
        case("without-separators", lines, "%d%m%Y", "figures"),
        case("of-six-digits", lines, "%y%m%d", "figures or held", date_order="YMD"),
        case("without-a-year", lines, "%b %-d"),
        case("without-a-year-as-numbers", lines, "%d.%m.", file="sales.csv"),
        case("only-weeks", lines, lambda line: f"{line.at:%G-W%V}"),
        case("only-months", lines, "%b %Y", file="sales.csv"),
        case("of-an-unknown-calendar", lines, lambda line: f"{line.at.year - 1911}/{line.at:%m/%d}"),
        case("of-short-buddhist-years", lines, lambda line: f"{line.at:%d/%m}/{(line.at.year + 543) % 100}"),
        case("of-short-reiwa-years", lines, lambda line: f"{line.at.year - 2018:02}/{line.at:%m/%d}", date_order="YMD"),
        case("above-its-sales", lines, "", build=lambda: below_headings(lines)),
    ]
