"""Output of the commands `stock …`, `restock …`, `orders …` and `catalogue …`."""

from decimal import Decimal
from typing import Any

from tillstream.commands.printing import print_line, print_title, show_rows, show_table
from tillstream.model.money import amount_text, price_text

MAX_STOCK_PROBLEMS = 20
"""Problems that are printed; --json has more."""
_LEVEL_COLUMNS = (
    "region", "store_name", "product", "product_name", "on_hand", "in_transit", "counted_on", "days_of_cover", "status",
    "stock_cost",
)  # fmt: skip


def show_levels(data: dict[str, Any]) -> None:
    """Print levels with their main columns; --json and --format csv have all."""
    show_table(data | {"columns": [name for name in _LEVEL_COLUMNS if name in data["columns"]]})


def show_stock_import(data: dict[str, Any]) -> None:
    """Print what was recorded, and the rows that were not."""
    for one in data["problems"][:MAX_STOCK_PROBLEMS]:
        print_line(f"Line {one['line']}: {one['message']} {one['remedy']}")
    if len(data["problems"]) > MAX_STOCK_PROBLEMS:
        print_line(f"… and {len(data['problems']) - MAX_STOCK_PROBLEMS:,} more")
    if data["ignored_columns"]:
        print_line(f"Columns that are not read: {', '.join(data['ignored_columns'])}")
    if data["added_up_rows"]:
        print_line(f"{data['added_up_rows']:,} rows were added to other rows of the same product.")
    print_line(f"{data['file']}: {_import_summary(data)}")


def show_rebuilt_stock(data: dict[str, Any]) -> None:
    print_line(f"{data['levels']:,} levels are computed from {data['movements']:,} movements and the sales.")


def _import_summary(data: dict[str, Any]) -> str:
    rows = f"{data['good_rows']:,} good rows, {data['refused_rows']:,} to fix"
    if data["movements"] and data["repeated_movements"] == data["movements"]:
        return f"{rows}; all of them were recorded before."
    if not data["recorded"]:
        return f"{rows}; nothing was recorded."
    again = f", {data['repeated_movements']:,} were recorded before" if data["repeated_movements"] else ""
    return f"{rows}; {data['new_movements']:,} movements recorded{again}."


POLICY_COLUMNS = ("policy", "stock", "against fixed", "units", "days short", "cycle service", "orders")


UNSOLD = 9_999
"""Urgency from which a product is not expected to sell."""
QUEUE_COLUMNS = ("product", "store", "lasts", "units", "from", "why")


def show_restock_queue(data: dict[str, Any]) -> None:
    """Print the lines of the queue."""
    if data["computed_at"] is None:
        print_line("The queue was not computed yet. Count stock, then run `tillstream restock run`.")
        return
    rows = [dict(zip(QUEUE_COLUMNS, _queue_cells(row), strict=True)) for row in data["rows"]]
    show_rows({"name": "restock queue", "columns": list(QUEUE_COLUMNS), "rows": rows, "cut": False})
    print_line(f"Computed {data['computed_at']} from {data['counted']:,} counted products in stores.")


def show_restock_run(data: dict[str, Any]) -> None:
    """Print how many products are needed."""
    if not data:
        print_line(
            "The queue is not due: nothing has changed since it was computed, or that was less than an hour ago."
        )
        return
    print_line(f"{data['lines']:,} of {data['counted']:,} counted products in stores need something.")


def _queue_cells(row: dict[str, Any]) -> list[str]:
    days, units = float(row["urgency"]), float(row["units"])
    lasts = "" if days >= UNSOLD else f"{days:,.0f} days"
    source = f"transfer from {row['from_store']}" if row["from_store"] else row["supplier"] or ""
    product = f"{row['product_name']} ({row['product']})"
    return [product, f"{row['region']}/{row['store_id']}", lasts, f"{units:,.6g}", source, row["reason"]]


def show_simulation(data: dict[str, Any]) -> None:
    """Print the policies at an equal fill rate."""
    print_line(
        f"{data['lines']:,} products in stores, {data['open_days']} open days from {data['first_day']} to "
        f"{data['last_day']}. An order takes {data['lead_days']} open days, and is placed every {data['review_days']}."
    )
    reached = f" A service level of {data['service']:.1%} reaches it." if data["service"] else ""
    print_line(f"Compared at a fill rate of {data['fill']:.1%}.{reached}")
    rows = [dict(zip(POLICY_COLUMNS, cells, strict=True)) for cells in _policy_cells(data)]
    show_rows({"name": "order policies", "columns": list(POLICY_COLUMNS), "rows": rows, "cut": False})
    if missing := [one["policy"] for one in data["curves"] if one["policy"] not in {row["policy"] for row in rows}]:
        print_line(f"Does not reach this fill rate: {', '.join(missing)}.")
    at_price = data["lines"] - data["costed_lines"]
    print_line(f"Stock is the mean in the evening, in {data['currency']} at cost.")
    if at_price:
        print_line(f"{at_price:,} products without a cost are valued at their net price.")


def _policy_cells(data: dict[str, Any]) -> list[list[Any]]:
    return [
        [
            one["policy"],
            f"{one['stock_value']:,.0f}",
            None if one["change"] is None else f"{one['change']:+.1%}",
            f"{one['stock_units']:,.0f}",
            f"{one['days_short']:.1%}",
            f"{one['cycle_service']:.1%}",
            f"{one['orders']:,.0f}",
        ]
        for one in data["policies"]
    ]


def show_orders(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        _print_order_title(row)
    if not rows:
        print_line("There are no such orders.")


def show_order(row: dict[str, Any]) -> None:
    _print_order_title(row)
    for line in row["lines"]:
        cost = price_text(Decimal(line["unit_cost"]), row["currency"]) if line["unit_cost"] else ""
        cost = f" · {cost} {row['currency']} each" if cost else ""
        print_line(f"  {line['product']} {line['name']} · {line['units']} ordered, {line['received']} received{cost}")
    if row["cost"]:
        print_line(f"  Total {amount_text(Decimal(row['cost']), row['currency'])} {row['currency']}")


def show_order_file(written: dict[str, Any]) -> None:
    print_line(f"{written['number']} is in {written['file']}.")


def _print_order_title(row: dict[str, Any]) -> None:
    days = [f"{word} {row[name]}" for word, name in (("sent", "sent_on"), ("expected", "expected_on")) if row[name]]
    place = f"{row['region']}/{row['store_id']}"
    print_title(row["number"], " · ".join(["", row["state"], row["supplier"], place, *days]))


MAX_CATALOGUE_PROBLEMS = 20
"""Problems that are printed; --json has more."""


def show_catalogue_import(data: dict[str, Any]) -> None:
    for one in data["problems"][:MAX_CATALOGUE_PROBLEMS]:
        print_line(f"Line {one['line']}: {one['message']} {one['remedy']}")
    count = data["problem_count"]
    if count > MAX_CATALOGUE_PROBLEMS:
        print_line(f"… and {count - MAX_CATALOGUE_PROBLEMS:,} more")
    if data["ignored_columns"]:
        print_line(f"Columns that are not read: {', '.join(data['ignored_columns'])}")
    changes = f"{data['added']:,} added, {data['changed']:,} changed, of {data['rows']:,} rows"
    if count:
        print_line(f"Nothing was imported: {count:,} {'problem' if count == 1 else 'problems'}.")
    else:
        print_line(
            f"{data['file']}: {changes}." if data["imported"] else f"{data['file']} would be imported: {changes}."
        )


def show_catalogue_export(data: dict[str, Any]) -> None:
    print_line(f"The {data['kind']} are in {data['file']}.")
