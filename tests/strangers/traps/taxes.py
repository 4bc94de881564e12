"""Files whose tax is a rate in each row, whose amounts with and without tax are side by side, or whose prices include
the tax."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import Line, Plan, draw
from tests.strangers.shapes.shopify import shopify, shopify_clerk
from tests.strangers.tables import Columns, comma, delimited, plain, stamp
from tests.strangers.truth import truth_of

FAMILY = "taxes"
RATES = {"Kitchen": "19", "Grocery": "7", "Home": "19", "Paper": "0"}
ANSWERS = {"identity": "Receipt", "amount": "gross", "prices": "gross"}
BASE: Columns = {
    "Receipt": lambda line: 1000 + line.sale,
    "Date": stamp("%Y-%m-%d"),
    "Item": lambda line: line.product,
    "Qty": lambda line: line.quantity,
}
GERMAN: Columns = {
    "Beleg": lambda line: 1000 + line.sale,
    "Datum": stamp("%d.%m.%Y"),
    "Artikel": lambda line: line.product,
    "Menge": lambda line: line.quantity,
}


def taxed(seed: int, rate: Callable[[Line], str], *, included: bool = True, places: str = "0.000000001") -> list[Line]:
    """Sales with a rate in percent per line. places: the unit to which the tax is rounded."""
    lines = []
    for line in draw(Plan(seed, taxed=included)):
        share = Decimal(rate(line)) / 100
        tax = line.total * share / (1 + share) if included else line.total * share
        lines.append(replace(line, tax=tax.quantize(Decimal(places))))
    return lines


def by_category(line: Line) -> str:
    return RATES[line.category]


def case(name: str, lines: list[Line], columns: Columns, *, delimiter: str = ",", **changed: str) -> Case:
    """changed: other answers of the clerk."""
    keys: Mapping[str, str] = ANSWERS | {"identity": next(iter(columns))} | changed
    own = {key.removeprefix("column."): answer for key, answer in keys.items() if key.startswith("column.")}
    clerk = Clerk("North", columns=own, answers=keys)
    build = partial(delimited, lines, columns, delimiter)
    return Case(f"taxes-{name}", FAMILY, "sales.csv", build, clerk, truth_of(lines, "EUR"), delimiter=delimiter)


def rates() -> list[Case]:
    """A rate in each row, without a percent sign or with one."""
    mixed, same, added = (
        taxed(901, by_category),
        taxed(902, lambda _: "20"),
        taxed(903, lambda _: "8.25", included=False),
    )
    total = {"Gross total": lambda line: plain(line.total)}
    priced = {"Price": lambda line: plain(line.price), "Total": lambda line: plain(line.total)}
    brutto = {"Brutto": lambda line: comma(line.total), "MwSt": lambda line: comma(Decimal(by_category(line)))}
    return [
        case("rate-per-row", mixed, BASE | total | {"VAT": by_category}),
        case("rate-per-row-german", mixed, GERMAN | brutto, delimiter=";"),
        case("rate-with-sign", mixed, BASE | total | {"VAT": lambda line: f"{by_category(line)}%"}),
        case("rate-of-all-rows", same, BASE | priced | {"VAT": lambda _: "20"}),
        case("rate-with-sign-beside-prices", same, BASE | priced | {"Tax": lambda _: "20%"}),
        case("rate-that-is-added", added, BASE | priced | {"Tax": lambda _: "8.25"}, amount="net", prices="net"),
    ]


def orders() -> list[Case]:
    """Prices that include the tax, which only the first row of an order shows."""
    lines = taxed(904, lambda _: "20")
    who = shopify_clerk("Web", "GB", "GBP", "Europe/London", "gross")
    build = partial(delimited, lines, shopify(lines, "GBP", "+0000"), end="\n")
    return [Case("taxes-of-orders", FAMILY, "orders_export_1.csv", build, who, truth_of(lines, "GBP"))]


def pairs() -> list[Case]:
    """A total with tax beside one without it."""
    lines = taxed(905, lambda _: "20", included=False)
    both = {"Total": lambda line: plain(line.total * Decimal("1.2"))}
    net: dict[str, Callable[[Line], str]] = {"Total ex VAT": lambda line: plain(line.total)}
    japanese = {"合計(税込)": both["Total"], "合計(税抜)": net["Total ex VAT"]}
    return [
        case("total-beside-ex-vat", lines, BASE | both | net),
        case("totals-in-japanese", lines, BASE | japanese),
        case("total-beside-an-unknown-name", lines, BASE | both | {"Taxable": net["Total ex VAT"]},
             **{"column.net_amount": "Taxable"}),
    ]  # fmt: skip


def prices() -> list[Case]:
    """Prices whose name contains the tax."""
    lines = taxed(906, lambda _: "20")
    names = {
        "english": "Price incl. VAT",
        "german": "Bruttopreis",
        "french": "Prix TTC",
        "spanish": "Precio IVA incluido",
    }
    return [
        case(f"prices-in-{key}", lines, BASE | {name: lambda line: plain(line.price)}, tax_rate="0.2")
        for key, name in names.items()
    ]


def columns_of_rates() -> list[Case]:
    """A column of tax for each rate."""
    lines = taxed(907, lambda line: "20" if line.category == "Home" else "5", included=False, places="0.01")
    columns: Columns = {
        "Total": lambda line: plain(line.gross),
        "VAT 20%": lambda line: plain(line.tax) if line.category == "Home" else "0.00",
        "VAT 5%": lambda line: "0.00" if line.category == "Home" else plain(line.tax),
    }
    return [case("column-per-rate", lines, BASE | columns)]


def sumup() -> Case:
    """Totals with tax and tips beside net sales."""
    lines = taxed(908, lambda _: "20", included=False, places="0.01")
    columns: Columns = {
        "Date": stamp("%Y-%m-%d %H:%M:%S"),
        "Transaction ID": lambda line: f"T{line.sale:04}{line.number}",
        "Payment Type": lambda _: "Sale",
        "Status": lambda _: "Successful",
        "Description": lambda line: line.product,
        "Total": lambda line: plain(line.gross + 2),
        "Net Sales": lambda line: plain(line.net),
        "Tax Amount": lambda line: plain(line.tax),
        "Tip Amount": lambda _: "2.00",
        "Fee": lambda line: plain(line.gross / 50),
    }
    truth = truth_of(lines, "EUR", sales=False, units=False)
    clerk = Clerk("North", answers={"prices": "gross", "tax_rate": "0.2"})
    return Case("sumup-net-sales", FAMILY, "sales.csv", partial(delimited, lines, columns), clerk, truth)


def cases() -> list[Case]:
    return [*rates(), *orders(), *pairs(), *prices(), *columns_of_rates(), sumup()]
