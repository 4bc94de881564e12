"""Output of the commands `orders …`."""

from decimal import Decimal
from typing import Any

from tillstream.cli.output.tables import print_line, title
from tillstream.model.money import amount_text, price_text


def show_orders(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        _title(row)
    if not rows:
        print_line("There are no such orders.")


def show_order(row: dict[str, Any]) -> None:
    _title(row)
    for line in row["lines"]:
        cost = price_text(Decimal(line["unit_cost"]), row["currency"]) if line["unit_cost"] else ""
        cost = f" · {cost} {row['currency']} each" if cost else ""
        print_line(f"  {line['product']} {line['name']} · {line['units']} ordered, {line['received']} received{cost}")
    if row["cost"]:
        print_line(f"  Total {amount_text(Decimal(row['cost']), row['currency'])} {row['currency']}")


def show_file(written: dict[str, Any]) -> None:
    print_line(f"{written['number']} is in {written['file']}.")


def _title(row: dict[str, Any]) -> None:
    days = [f"{word} {row[name]}" for word, name in (("sent", "sent_on"), ("expected", "expected_on")) if row[name]]
    place = f"{row['region']}/{row['store_id']}"
    title(row["number"], " · ".join(["", row["state"], row["supplier"], place, *days]))
