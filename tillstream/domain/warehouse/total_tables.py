"""Which settlements the daily totals include."""

from tillstream.domain.columns import Kind
from tillstream.domain.warehouse.fields import Field

SUMMED = (
    Field(
        "settlement_no",
        Kind.INT64,
        "Last settlement included in the daily totals; the table has one row",
        required=True,
    ),
    Field(
        "split_settlement_no",
        Kind.INT64,
        "The last one included with split_orders; less than settlement_no after an older version refreshed the totals",
        required=False,
    ),
)
