"""Amounts in several currencies, which must never be added together, and numbers of another scale, or not there."""

from collections.abc import Callable, Mapping

from tests.strangers.case import Case, Expected
from tests.strangers.facts import Line
from tests.strangers.tables import Columns, comma, delimited, plain
from tests.strangers.traps.traps import BASE, clerk, plan
from tests.strangers.truth import truth_of

FAMILY = "currencies and scales"
Write = Callable[[Line], object]


def foreign(line: Line) -> bool:
    return line.sale % 4 == 0


def case(
    name: str, lines: list[Line], more: Mapping[str, Write], currencies: str, expected: Expected = "figures",
    **answers: str,
) -> Case:  # fmt: skip
    columns: Columns = {key: BASE[key] for key in list(BASE)[:5]} | more
    who = clerk({"net_amount": "Total", "unit_price": "-"}, **answers)
    truth = truth_of(lines, currencies)
    return Case(f"currency-{name}", FAMILY, "sales.csv", lambda: delimited(lines, columns), who, truth, expected,
                ("several currencies",))  # fmt: skip


def scaled(
    name: str, lines: list[Line], more: Columns, total: str = "Total", expected: Expected = "figures",
    build: Callable[[], bytes] | None = None, **answers: str,
) -> Case:  # fmt: skip
    columns: Columns = {**BASE, **more}
    who = clerk({"net_amount": total}, **answers)
    build = build or (lambda: delimited(lines, columns, ";"))
    truth = truth_of(lines, "EUR")
    return Case(f"scale-{name}", FAMILY, "sales.csv", build, who, truth, expected,
                ("numbers of another scale",), delimiter=";")  # fmt: skip


def twice(lines: list[Line]) -> bytes:
    """Two columns are called Amount: the price of one unit, and the total."""
    columns: Columns = {name: BASE[name] for name in BASE if name != "Price"}
    columns |= {"Amount": lambda line: plain(line.price), "Amount ": lambda line: plain(line.total)}
    return delimited(lines, columns, ";")


def scales() -> list[Case]:
    lines = plan(971, sales=80)
    decimals: Columns = {"Quantity": lambda line: f"{line.quantity}.000", "Price": lambda line: comma(line.price),
                         "Total": lambda line: comma(line.total)}  # fmt: skip
    blank: Columns = {"Quantity": lambda line: "" if line.quantity == 1 else line.quantity,
                      "Total": lambda line: plain(line.total)}  # fmt: skip
    unpriced: Columns = {name: column for name, column in (BASE | decimals).items() if name != "Price"}
    thousands: Columns = {"Price": lambda _: "", "Revenue (k€)": lambda line: plain(line.total / 1000, 5)}
    return [
        scaled("three-decimals", lines, decimals),
        scaled("three-decimals-without-a-price", lines, {}, quantity_decimals="yes",
             build=lambda: delimited(lines, unpriced, ";")),
        scaled("thousands", lines, thousands, "Revenue (k€)", multiple="yes"),
        scaled("blank-quantities", lines, blank, missing_quantity="1"),
        scaled("two-columns-of-one-name", lines, {}, "Amount (6)", "figures or held", build=lambda: twice(lines)),
    ]  # fmt: skip


def several() -> list[Case]:
    lines = plan(951, sales=80)

    def total(home: str, abroad: str) -> dict[str, Write]:
        return {"Total": lambda line: (abroad if foreign(line) else home).format(plain(line.total))}

    def with_column(header: str, home: str, abroad: str) -> dict[str, Write]:
        return {**total("{}", "{}"), header: lambda line: abroad if foreign(line) else home}

    converted = {
        "Currency": lambda line: "USD" if foreign(line) else "EUR",
        "Total (EUR)": lambda line: plain(line.total),
    }
    dollars = {"currency.$": "USD"}
    rare = {"Total": lambda line: f"{'£' if line is lines[40] else ''}{plain(line.total)}"}
    return [
        case("signs", lines, total("€{}", "${}"), "EUR, USD", **dollars),
        case("codes-before-amounts", lines, total("EUR {}", "CHF {}"), "CHF, EUR"),
        case("two-dollars", lines, total("${}", "CA${}"), "CAD, USD", **dollars),
        case("one-sign-among-many-amounts", lines, rare, "EUR", "held"),
        case("column-of-signs", lines, with_column("Currency", "€", "$"), "EUR, USD", **dollars),
        case(
            "column-of-names",
            lines,
            with_column("Currency", "Euro", "Dollar"),
            "EUR, USD",
            **{"currency.Dollar": "USD"},
        ),
        case("column-of-codes-of-another-name", lines, with_column("Doc. Curr.", "EUR", "CHF"), "CHF, EUR"),
        case("name-of-the-total", lines, converted, "EUR", **{"column.currency": "-"}),
        case("column-only-of-foreign-codes", lines, with_column("Currency", "", "USD"), "EUR, USD"),
    ]


def cases() -> list[Case]:
    return [*several(), *scales()]
