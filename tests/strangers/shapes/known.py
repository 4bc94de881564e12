"""Later files of a known source: a bad cell, another order of columns, a second style, a new word."""

from collections.abc import Mapping
from dataclasses import replace

from tests.strangers.case import Case, Clerk, Expected
from tests.strangers.facts import Line, Plan, draw
from tests.strangers.tables import Columns, cells, delimited, encoded, german, plain, stamp, text
from tests.strangers.truth import truth_of

FAMILY = "known sources"
CONTRACT: dict[str, object] = {
    "name": "till", "region": "Shop", "currency": "EUR", "country": "IE",
    "dates": {"formats": ["%d/%m/%Y"]},
    "status": {"words": {"Paid": "completed", "Void": "cancelled"}, "default": None},
    "columns": {"sale_id": "Receipt", "line_key": "Line", "date": "Date", "store_id": "Store",
                "product_name": "Product", "quantity": "Quantity", "net_amount": "Total", "status": "State"},
}  # fmt: skip
WORDS = {"completed": "Paid", "cancelled": "Void"}
COLUMNS: Columns = {
    "Receipt": lambda line: 1000 + line.sale,
    "Line": lambda line: line.number,
    "Date": stamp("%d/%m/%Y"),
    "Store": lambda line: line.store,
    "Product": lambda line: line.product,
    "Quantity": lambda line: line.quantity,
    "Total": lambda line: plain(line.total),
    "State": lambda line: WORDS[line.status],
}
CLERK = Clerk("Shop", "IE", "EUR", status={"Paid": "completed", "Void": "cancelled"})


def later_file(name: str, lines: list[Line], data: bytes, *, right: list[Line] | None = None,
          expected: Expected = "figures", contract: Mapping[str, object] = CONTRACT) -> Case:  # fmt: skip
    truth = truth_of(right or lines, "EUR")
    return Case(f"known-{name}", FAMILY, "till.csv", lambda: data, CLERK, truth, expected, contract=contract)


def cases() -> list[Case]:
    lines = draw(Plan(991, sales=70, cancelled=0.1, stores=("North", "South")))
    rows = cells(lines, COLUMNS)
    bad = [list(row) for row in rows]
    bad[40][2] = "31/02/2026"
    new_word = [list(row) for row in rows]
    for row in new_word[1::9]:
        row[7] = "Parked"
    early = [line for line in lines if line.at.day <= 12]
    turned = dict(reversed(COLUMNS.items()))
    return [
        later_file("as-ever", lines, encoded(text(rows))),
        later_file("columns-in-another-order", lines, delimited(lines, turned)),
        later_file("one-bad-date", lines, encoded(text(bad)), right=[*lines[:39], *lines[40:]]),
        later_file("new-status-word", lines, encoded(text(new_word)), expected="refused"),
        later_file("second-date-style", lines, delimited(lines, {**COLUMNS, "Date": stamp("%Y%m%d")}),
              expected="figures or held"),
        later_file("days-and-months-swapped", early, delimited(early, {**COLUMNS, "Date": stamp("%m/%d/%Y")}),
              expected="figures or held"),
        later_file("decimal-commas", lines, expected="figures or held",
                   data=delimited(lines, {**COLUMNS, "Total": lambda line: german(line.total)}, ";")),
        later_file("cents", lines, delimited(lines, {**COLUMNS, "Total": lambda line: int(line.total * 100)}),
              expected="figures or held"),
        later_file("total-column-empty", lines, delimited(lines, {**COLUMNS, "Total": lambda line: ""}),
              right=[replace(line, price=line.price * 0, discount=line.discount * 0) for line in lines],
              expected="held"),
    ]  # fmt: skip
