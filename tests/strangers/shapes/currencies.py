"""Files with amounts in several currencies, which must never be added together as one."""

from collections.abc import Callable, Mapping

from tests.strangers.case import Case, Expected
from tests.strangers.facts import Line
from tests.strangers.shapes.traps import BASE, clerk, plan
from tests.strangers.tables import Columns, delimited, plain
from tests.strangers.truth import truth_of

FAMILY = "currencies"
TRAPS = ("several currencies",)
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
    return Case(f"currency-{name}", FAMILY, "sales.csv", lambda: delimited(lines, columns), who, truth, expected, TRAPS)


def cases() -> list[Case]:
    lines = plan(951, sales=80)

    def total(home: str, abroad: str) -> dict[str, Write]:
        return {"Total": lambda line: (abroad if foreign(line) else home).format(plain(line.total))}

    def beside(header: str, home: str, abroad: str) -> dict[str, Write]:
        return {**total("{}", "{}"), header: lambda line: abroad if foreign(line) else home}

    dollars = {"currency.$": "USD"}
    rare = {"Total": lambda line: f"{'£' if line is lines[40] else ''}{plain(line.total)}"}
    return [
        case("signs", lines, total("€{}", "${}"), "EUR, USD", **dollars),
        case("codes-before-amounts", lines, total("EUR {}", "CHF {}"), "CHF, EUR"),
        case("two-dollars", lines, total("${}", "CA${}"), "CAD, USD", **dollars),
        case("one-sign-among-many-amounts", lines, rare, "EUR", "held"),
        case("column-of-signs", lines, beside("Currency", "€", "$"), "EUR, USD", **dollars),
        case("column-of-names", lines, beside("Currency", "Euro", "Dollar"), "EUR, USD", **{"currency.Dollar": "USD"}),
        case("column-of-codes-of-another-name", lines, beside("Doc. Curr.", "EUR", "CHF"), "CHF, EUR"),
        case("column-only-of-foreign-codes", lines, beside("Currency", "", "USD"), "EUR, USD"),
    ]
