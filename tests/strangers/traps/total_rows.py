"""Rows that repeat the amounts of sales: totals of orders, days, stores and files; and names that look like them."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import partial
from itertools import groupby

from tests.strangers.case import Case, Clerk, Expected
from tests.strangers.facts import Line, Plan, draw
from tests.strangers.tables import Columns, cells, encoded, german, plain, stamp, text
from tests.strangers.truth import truth_of

FAMILY = "total rows"
COLUMNS: Columns = {
    "Receipt": lambda line: 1000 + line.sale,
    "Date": stamp("%Y-%m-%d"),
    "Store": lambda line: line.store,
    "Product": lambda line: line.product,
    "Qty": lambda line: line.quantity,
    "Amount": lambda line: plain(line.total),
}
MAPPED = {"sale_id": "Receipt", "date": "Date", "store_id": "Store", "product_name": "Product", "quantity": "Qty",
          "net_amount": "Amount"}  # fmt: skip
Row = list[str]
Total = Callable[[Sequence[Line]], Row]


def clerk(columns: dict[str, str] = MAPPED, **answers: str) -> Clerk:
    return Clerk("Shop", "IE", "EUR", columns=columns, answers={"identity": "Receipt", "amount": "net", **answers})


def case(
    name: str, lines: Sequence[Line], rows: Iterable[Row], who: Clerk, *, columns: Columns = COLUMNS,
    file: str = "sales.csv", expected: Expected = "figures", sales: bool = True, delimiter: str = ",",
) -> Case:  # fmt: skip
    content = text([list(columns), *rows], delimiter)
    truth = truth_of(lines, who.currency, sales=sales)
    return Case(f"total-rows-{name}", FAMILY, file, partial(encoded, content), who, truth, expected, ("total rows",),
                delimiter=delimiter)  # fmt: skip


def units(lines: Iterable[Line]) -> Decimal:
    return sum((line.quantity for line in lines), Decimal(0))


def amount(lines: Iterable[Line]) -> Decimal:
    return sum((line.total for line in lines), Decimal(0))


def grouped(
    lines: Sequence[Line], key: Callable[[Line], object], total: Total, columns: Columns = COLUMNS, *,
    first: bool = False,
) -> list[Row]:  # fmt: skip
    """The rows of each group of consecutive lines, with its total below or above them."""
    rows: list[Row] = []
    for _, group in groupby(lines, key=key):
        own = list(group)
        table = cells(own, columns, header=False)
        rows += [total(own), *table] if first else [*table, total(own)]
    return rows


def brands() -> list[Case]:
    """A brand and a customer with a word of totals, and a last row that is the total."""
    goods = (("1", "Total Quartz 9000", "Oil", "37.50"), ("2", "Shell Helix", "Oil", "29.90"),
             ("3", "Castrol Edge", "Oil", "34.20"))  # fmt: skip
    oil = draw(Plan(961, goods=goods))
    first = {"Product": COLUMNS["Product"]} | COLUMNS
    bought = draw(Plan(962, customers=("Suma Sp. z o.o.", "Nowak", "Kowalski")))
    customer: Columns = {"Customer": lambda line: line.customer} | COLUMNS
    who = clerk(MAPPED | {"customer_name": "Customer"})
    oil_total = ["Total", "", "", "", str(units(oil)), plain(amount(oil))]
    total = ["Suma", *[""] * 5, plain(amount(bought))]
    return [
        case("brand", oil, [*cells(oil, first, header=False), oil_total], clerk(), columns=first),
        case("customer", bought, [*cells(bought, customer, header=False), total], who, columns=customer),
    ]  # fmt: skip


def subtotals() -> list[Case]:
    lines = draw(Plan(963, sales=40))
    days = {name: column for name, column in COLUMNS.items() if name not in {"Receipt", "Store"}}
    polish: Columns = {
        "Data": stamp("%d.%m.%Y"), "Towar": lambda line: line.product, "Ilość": lambda line: line.quantity,
        "Kwota": lambda line: german(line.total),
    }  # fmt: skip
    shops = sorted(draw(Plan(964, stores=("North", "South", "West"))), key=lambda line: line.store)

    def of_order(own: Sequence[Line], word: str = "Order total") -> Row:
        return [str(1000 + own[0].sale), f"{own[0].at:%Y-%m-%d}", "Main", word, str(units(own)), plain(amount(own))]

    def of_day(own: Sequence[Line]) -> Row:
        return [f"{own[0].at:%d.%m.%Y}", "Razem", str(units(own)), german(amount(own))]

    def of_store(own: Sequence[Line]) -> Row:
        count = str(len({line.sale for line in own}))
        return [count, f"{own[-1].at:%Y-%m-%d}", f"{own[0].store} Total", "", str(units(own)), plain(amount(own))]

    by_order = partial(grouped, lines, lambda line: line.sale)
    no_id = {key: MAPPED[key] for key in ("date", "product_name", "quantity", "net_amount")}
    mapped = {"date": "Data", "product_name": "Towar", "quantity": "Ilość", "net_amount": "Kwota"}
    ledger = [["2026-02-01", "Brought forward", "", "1234.50"], *cells(lines, days, header=False),
              ["2026-04-30", "Carried forward", "", plain(amount(lines) + Decimal("1234.50"))]]  # fmt: skip
    return [
        case("balances", lines, ledger, clerk(no_id, identity="content"), columns=days, sales=False),
        case("of-orders", lines, by_order(of_order), clerk()),
        case("of-orders-above", lines, by_order(partial(of_order, word="Head"), first=True),
             clerk(total_rows="yes")),
        case("of-days", lines, grouped(lines, lambda line: line.at.date(), of_day, polish),
             clerk(mapped, identity="content", date_order="DMY", decimal=","), columns=polish, sales=False,
             delimiter=";"),
        case("of-stores", shops, grouped(shops, lambda line: line.store, of_store), clerk()),
        case("of-the-file", lines, [*cells(lines, days, header=False),
             [f"{lines[-1].at:%Y-%m-%d}", "Összesen", str(units(lines)), plain(amount(lines))]],
             clerk(no_id, identity="content"), columns=days, sales=False),
    ]  # fmt: skip


def programs() -> list[Case]:
    """Exports with a row for each sale beside those of its lines."""
    lines = draw(Plan(965, rate=Decimal("0.15")))
    ledger: Columns = {
        "Date": stamp("%Y-%m-%d %H:%M:%S"), "Receipt Number": lambda line: line.sale,
        "Line Type": lambda _: "Sale Line",
        "Quantity": lambda line: line.quantity, "Subtotal": lambda line: plain(line.net),
        "Sales Tax": lambda line: plain(line.tax), "Discount": lambda _: "0.00",
        "Total": lambda line: plain(line.gross), "Details": lambda line: line.product, "Register": lambda _: "Main",
        "Outlet": lambda line: line.store, "Status": lambda _: "CLOSED", "Sku": lambda line: line.code,
    }  # fmt: skip

    def of_sale(own: Sequence[Line]) -> Row:
        tax = sum((line.tax for line in own), Decimal(0))
        row = cells(own[:1], ledger, header=False)[0]
        details = " + ".join(line.product for line in own)
        return [*row[:2], "Sale", str(units(own)), plain(amount(own)), plain(tax), "0.00", plain(amount(own) + tax),
                details, *row[9:12], ""]  # fmt: skip

    return [
        case("lightspeed", lines, grouped(lines, lambda line: line.sale, of_sale, ledger, first=True),
             Clerk("Shop", "NZ", "NZD", "Pacific/Auckland", status={"CLOSED": "completed"}), columns=ledger),
    ]  # fmt: skip


def joined() -> list[Case]:
    """Two exports in one file, the second with its columns in another order or with another column."""
    lines = draw(Plan(966, sales=40))
    swapped = {name: COLUMNS[name] for name in ("Receipt", "Date", "Store", "Product", "Amount", "Qty")}
    costs = {("Cost" if name == "Amount" else name): column for name, column in COLUMNS.items()}
    return [
        case(f"joined-{name}", lines, [*cells(lines[:30], COLUMNS, header=False), *cells(lines[30:], columns)], clerk(),
             expected="refused") for name, columns in (("swapped", swapped), ("costs", costs))
    ]  # fmt: skip


def stacked() -> list[Case]:
    """A table of expenses below the sales, with the same header or with another name in it."""
    lines = draw(Plan(967, sales=40))
    named = {"Date": COLUMNS["Date"], "Description": COLUMNS["Product"], "Amount": COLUMNS["Amount"]}
    sales = cells(lines, named, header=False)
    who = clerk({"date": "Date", "product_name": "Description", "net_amount": "Amount"}, identity="content")
    rent = [[f"2026-02-{day:02}", "Rent", "50.00"] for day in range(1, 15)]
    expenses = [[""] * 3, ["Expenses", "", ""]]
    earlier = [[f"2026-01-{day:02}", "Mug", "12.50"] for day in range(1, 15)]
    return [
        case("stacked-earlier-sales", lines, [*sales, [""] * 3, ["Previous month", "", ""], *earlier], who,
             columns=named, expected="held"),
        case("stacked-expenses", lines, [*sales, *expenses, list(named), *rent], who, columns=named, expected="held"),
        case("stacked-costs", lines, [*sales, *expenses, ["Date", "Paid to", "Amount"], *rent], who, columns=named,
             expected="held"),
    ]  # fmt: skip


def cases() -> list[Case]:
    return [*brands(), *subtotals(), *programs(), *joined(), *stacked()]
