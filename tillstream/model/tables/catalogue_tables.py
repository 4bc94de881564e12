"""The mirror of the catalogue in the warehouse: what was true on which days, for joins with the sale date.

A row is valid from `valid_from` (NULL: from the beginning) to the day before `valid_to` (NULL: still valid). The rows
of one thing never overlap. The documents are the system of record; these tables can be written again from them.
"""

from tillstream.model.columns import ColumnKind, Field, required_field

_S, _D, _N, _B, _J = ColumnKind.STRING, ColumnKind.DATE, ColumnKind.NUMERIC, ColumnKind.BOOL, ColumnKind.JSON
_VALID = (
    Field("valid_from", _D, "First day on which the row is valid; NULL: from the beginning"),
    Field("valid_to", _D, "First day on which the row is no longer valid; NULL: still valid"),
)
_PRODUCT = required_field("product_id", _S, "Code of the product in the catalogue")
_REGION_OR_ALL = required_field("region", _S, "Region; `*` if it is valid in every region without a row of its own")
_REGION = required_field("region", _S, "Region of the store")


def _amounts(word: str) -> tuple[Field, ...]:
    return (
        _PRODUCT,
        _REGION_OR_ALL,
        required_field("currency", _S, "ISO 4217 code of the amount"),
        required_field("amount", _N, f"{word} of one unit"),
        *_VALID,
    )


CATALOGUE_TABLES: dict[str, tuple[Field, ...]] = {
    "catalogue_products": (
        _PRODUCT,
        required_field("name", _S, "Name of the product"),
        Field("category", _S, "Category of the product"),
        Field("pack_size", _N, "Number of units in a pack"),
        Field("supplier", _S, "Code of the supplier"),
        Field("barcode", _S, "First barcode of the product"),
        required_field("active", _B, "FALSE if the product is retired"),
        Field("minimum_order", _N, "Smallest number of units in an order"),
        Field("shelf_life_days", _N, "Days for which the product can be sold after it arrives"),
        Field("minimum_stock", _N, "Units below which a store has too few of it"),
        *_VALID,
    ),
    "dim_product_cost": _amounts("Cost"),
    "dim_product_price": _amounts("List price"),
    "product_codes": (
        _REGION_OR_ALL,
        required_field("code", _S, "Product ID as in a source: an alias or a barcode"),
        _PRODUCT,
    ),
    "catalogue_stores": (
        _REGION,
        required_field("store_id", _S, "Store as in its sources"),
        required_field("name", _S, "Name of the store"),
        Field("country", _S, "Country of the store"),
        Field("time_zone", _S, "IANA name of the time zone"),
        Field("currency", _S, "ISO 4217 code of the currency of the store"),
        Field("latitude", _N, "Latitude in degrees"),
        Field("longitude", _N, "Longitude in degrees"),
        Field("opening_hours", _J, "Opening hours by weekday"),
        required_field("active", _B, "FALSE if the store is retired"),
        *_VALID,
    ),
    "catalogue_salespeople": (
        required_field("region", _S, "Region of the salesperson"),
        required_field("salesperson_id", _S, "Salesperson as in the sources"),
        required_field("name", _S, "Name of the salesperson"),
        Field("stores", _J, "Stores of the salesperson: a list"),
        required_field("active", _B, "FALSE if the salesperson is retired"),
        *_VALID,
    ),
    "catalogue_suppliers": (
        required_field("supplier", _S, "Code of the supplier"),
        required_field("name", _S, "Name of the supplier"),
        Field("lead_time_days", _N, "Days from an order to its arrival"),
        Field("review_days", _N, "Days between two orders"),
        required_field("active", _B, "FALSE if the supplier is retired"),
    ),
    "dim_promotion": (
        required_field("promotion_id", _S, "Code of the promotion"),
        Field("product_id", _S, "Product of the promotion; NULL: all of the category"),
        Field("category", _S, "Category of the promotion; NULL: one product"),
        _REGION_OR_ALL,
        Field("store_id", _S, "Store of the promotion; NULL: all stores of the region"),
        required_field("kind", _S, "Kind of the promotion; two of one kind never overlap"),
        required_field("rate", _N, "Discount as a fraction of the price"),
        *_VALID,
    ),
    "catalogue_days": (
        required_field("change_id", _S, "ID of a change of costs or codes"),
        required_field("sale_date", _D, "Business day whose daily totals do not include the change yet"),
    ),
    "catalogue_changes": (
        required_field("change_id", _S, "ID of a change of the tables of the catalogue"),
        required_field("changed_at", ColumnKind.TIMESTAMP, "When the tables were changed, UTC"),
    ),
}
"""Table → its columns. A refresh of the daily totals removes the rows of `catalogue_days` that it includes."""
