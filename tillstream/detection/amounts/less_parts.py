"""What is subtracted from the totals: a discount, refunds, returned units, and what a total includes."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tillstream.detection.amounts import subtractions
from tillstream.detection.evidence import DetectionLog
from tillstream.detection.orders import first_line_amounts, order_discounts
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle


def decide(
    sheet: Sheet,
    roles: dict[str, str],
    unmapped: Sequence[str],
    style: NumberStyle,
    log: DetectionLog,
    *,
    export_settings: Mapping[str, object] | None,
    export_parts: Sequence[str],
    order_columns: Collection[str],
    includes_tax: bool,
) -> dict[str, Any]:
    """Settings of `amounts`.

    export_settings: those of a known export; export_parts: what may be subtracted from its total.
    order_columns: numeric columns that only the first line of an order has. includes_tax: the net total is computed
    from the total of the file.
    """
    parts = None if export_settings is None else export_parts
    settings = (
        order_discounts.decide(sheet, roles, unmapped, style, log) if export_settings is None else export_settings
    )
    terms = subtractions.decide(sheet, roles, unmapped, style, log, export_parts=parts, includes_tax=includes_tax)
    for part, by_role in first_line_amounts.decide(sheet, roles, order_columns, style, log).items():
        for role, names in by_role.items():
            terms.setdefault(part, {}).setdefault(role, []).extend(names)
    return {**settings, **terms}
