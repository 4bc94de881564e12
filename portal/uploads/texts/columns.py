"""Names of columns, of what was detected in a file, and of how sure it is."""

from collections.abc import Iterable

COLUMNS = {
    "sale_id": "Sale number", "line_key": "Line of the sale", "source_version": "Version", "region": "Region",
    "store_id": "Store", "salesperson_id": "Salesperson", "customer_id": "Customer number",
    "customer_name": "Customer name", "product_id": "Product number", "product_name": "Product name",
    "category": "Category", "channel": "Channel", "status": "Status", "sold_at": "Time of sale (UTC)",
    "sale_date": "Day of sale",
    "date": "Date", "time": "Time", "country": "Country", "quantity": "Quantity", "unit_price": "Unit price",
    "discount": "Discount", "discount_rate": "Discount rate", "tax": "Tax", "net_amount": "Net amount",
    "gross_amount": "Amount with tax", "currency": "Currency", "unit_cost": "Unit cost",
    "returns_sale_id": "Returns sale",
}  # fmt: skip
ABOUT = {
    "encoding": "Character encoding", "delimiter": "Delimiter", "header": "Header", "sheet": "Sheet",
    "decimal": "Decimal separator", "thousands": "Thousands separator",
    "date_order": "Date order", "date": "Day in the file name", "dates": "Dates", "language": "Month names",
    "era": "Years", "currency": "Currency", "time_zone": "Time zone", "returns": "Returns", "region": "Region",
    "country": "Country",
    "identity": "Sales identified by", "identity.ids": "Sale numbers", "identity.id_prefix": "Prefix of sale numbers",
    "units": "Units", "amounts": "Amounts", "amount": "Total", "prices": "Prices", "discount": "Discount",
    "tax": "Tax", "tax_rate": "Tax rate", "line_total": "Line total", "once": "Counted once",
    "order_total": "Total of the order", "discount.sign": "Sign of the discount",
    "discount.order": "Discount of the order", "overlap": "Duplicates", "ignore_where": "Rows left out",
    "total_rows": "Total rows", "source": "Recognised as", "event": "Step that counts",
}  # fmt: skip
FAMILIES = {
    "column": "Column",
    "currency": "Currency",
    "status": "Status",
    "missing": "No value",
    "subtract": "Subtracted",
    "once": "Counted once",
    "rows": "Rows with",
    "ignore": "Rows left out",
}
SURE = {
    "assumed": "assumed: check this first",
    "likely": "likely",
    "certain": "certain",
    "answered": "your answer",
}
"""How sure a finding is."""
UNUSED = {"extra": "not used; kept with each line", "ignored": "not used; it has no values"}
"""How a column is used that is not mapped."""
IDENTIFIES = "identifies the sale"
SEPARATORS = {" ": "a space", ",": "a comma", ".": "a point", "'": "an apostrophe"}


def both(uses: Iterable[str]) -> str:
    return " and ".join(uses)
