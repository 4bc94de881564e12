"""An example file of a contract: its header and one row that it accepts."""

import csv
import re
from datetime import datetime
from io import StringIO

from tillstream.model.contract import Contract

_NAMES = re.compile("%[BbAazZpI]")
"""Codes of words, which depend on the language."""
_TEXTS = {
    "sale_id": "1001",
    "line_key": "1",
    "source_version": "1",
    "store_id": "STORE1",
    "salesperson_id": "S1",
    "customer_id": "C1",
    "customer_name": "Ada Example",
    "product_id": "P1",
    "product_name": "Example product",
    "category": "Example",
    "quantity": "2",
}
_AMOUNTS = {
    "unit_price": "10.00",
    "discount": "0.00",
    "tax": "0.00",
    "net_amount": "20.00",
    "gross_amount": "20.00",
    "unit_cost": "5.00",
}


def contract_template(contract: Contract, at: datetime) -> bytes:
    """Return a delimited file in the format of the contract. at: the time of its only sale."""
    headers = tuple(dict.fromkeys((*contract.source_headers, *contract.extra_columns)))
    roles = {header: role for role, header in contract.columns.items()}
    text = StringIO()
    writer = csv.writer(text, delimiter=contract.file.delimiter)
    writer.writerow(headers)
    writer.writerow([_cell(contract, roles.get(header, ""), at) for header in headers])
    return text.getvalue().encode(contract.file.encoding, errors="replace")


def _cell(contract: Contract, role: str, at: datetime) -> str:
    """The example cell of a column of a sale line; empty for columns that are only kept."""
    if role in _AMOUNTS:
        return _AMOUNTS[role].replace(".", contract.numbers.decimal)
    if role == "date":
        return _formatted(contract.dates.formats, at, at.strftime("%Y-%m-%d"))
    if role == "time":
        return _formatted(contract.dates.time_formats, at, at.strftime("%H:%M"))
    if role == "status":
        return next((word for word, meaning in contract.status.words.items() if meaning == "completed"), "")
    own = {
        "currency": (contract.currency,),
        "country": (contract.country,),
        "store_id": contract.stores,
        "product_id": contract.products,
    }
    return _word(contract, role, next(iter(own.get(role, ())), "") or _TEXTS.get(role, ""))


def _word(contract: Contract, role: str, usual: str) -> str:
    """A word of the source that the contract allows in a column."""
    allowed = contract.allowed.get(role)
    words = contract.values.get(role, {})
    if allowed and usual not in allowed:
        usual = allowed[0]
    return next((word for word, meaning in words.items() if meaning == usual), usual)


def _formatted(formats: tuple[str, ...], at: datetime, iso: str) -> str:
    """The time in the first format that has only numbers, else as ISO 8601, which is always accepted."""
    chosen = next((one for one in formats if "%" in one and not _NAMES.search(one)), "")
    return at.strftime(chosen) if chosen else iso
