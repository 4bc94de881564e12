"""Output of the commands `restock …`."""

from typing import Any

from tillstream.cli.output.tables import print_line, show_rows

COLUMNS = ("policy", "stock", "against fixed", "units", "days short", "cycle service", "orders")


UNSOLD = 9_999
"""Urgency from which a product is not expected to sell."""
QUEUE_COLUMNS = ("product", "store", "lasts", "units", "from", "why")


def show_queue(data: dict[str, Any]) -> None:
    """Print the lines of the queue."""
    if data["computed_at"] is None:
        print_line("The queue was not computed yet. Count stock, then run `tillstream restock run`.")
        return
    rows = [dict(zip(QUEUE_COLUMNS, _queue_cells(row), strict=True)) for row in data["rows"]]
    show_rows({"name": "restock queue", "columns": list(QUEUE_COLUMNS), "rows": rows, "cut": False})
    print_line(f"Computed {data['computed_at']} from {data['counted']:,} counted products in stores.")


def show_run(data: dict[str, Any]) -> None:
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
    rows = [dict(zip(COLUMNS, cells, strict=True)) for cells in _cells(data)]
    show_rows({"name": "order policies", "columns": list(COLUMNS), "rows": rows, "cut": False})
    if missing := [one["policy"] for one in data["curves"] if one["policy"] not in {row["policy"] for row in rows}]:
        print_line(f"Does not reach this fill rate: {', '.join(missing)}.")
    at_price = data["lines"] - data["costed_lines"]
    print_line(f"Stock is the mean in the evening, in {data['currency']} at cost.")
    if at_price:
        print_line(f"{at_price:,} products without a cost are valued at their net price.")


def _cells(data: dict[str, Any]) -> list[list[Any]]:
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
