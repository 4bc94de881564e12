"""The decimal separator, where only one reading of the numbers makes quantity × price the total."""

from collections.abc import Collection, Mapping

import numpy as np

from tillstream.detection.arithmetic.number_columns import NumberColumns, is_equal
from tillstream.detection.evidence import DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberProfile, NumberStyle

_STYLES = (NumberStyle(".", ","), NumberStyle(",", "."))
_MIN_PROVING = 2
"""Number of different totals that only one of the readings explains."""


def assume(sheet: Sheet, roles: Mapping[str, str], profiles: Mapping[str, NumberProfile], log: DetectionLog) -> None:
    """Answer `decimal` in the log if quantity × price is a total in all rows of one reading, and not in the other.

    profiles: by header, of the columns that show the number style; nothing is assumed if the cells of one prove it.
    """
    is_proved = any(one.decimal or {".", ","} & one.thousands.keys() for one in profiles.values())
    pair = [roles[role] for role in ("quantity", "unit_price") if role in roles]
    if is_proved or len(pair) < 2 or not any(one.ambiguous for one in profiles.values()):
        return
    for total in (name for name in profiles if name not in pair):
        explained = [_explained(sheet, pair, total, style) for style in _STYLES]
        for style, (rows, all_rows), (others, _) in zip(_STYLES, explained, reversed(explained), strict=True):
            proving = rows - others
            if all_rows and len({sheet.columns[total].cells[row] for row in proving}) >= _MIN_PROVING:
                first = min(proving)
                quantity, price, amount = (sheet.columns[name].cells[first] for name in (*pair, total))
                evidence = (
                    f"{pair[0]} × {pair[1]} is {total} in all {len(rows):,} rows, as in {quantity} × {price} = {amount}"
                )
                log.assume({"decimal": style.decimal}, evidence)
                return


def _explained(sheet: Sheet, pair: Collection[str], total: str, style: NumberStyle) -> tuple[set[int], bool]:
    """The rows in which the product is the total, and whether these are all rows."""
    columns = NumberColumns(sheet, (*pair, total), style)
    quantity, price = (columns[name] for name in pair)
    computed = quantity * price
    equal = is_equal(computed, columns[total])
    is_empty = np.array(
        [not any(sheet.columns[name].cells[row] for name in (*pair, total)) for row in range(len(equal))]
    )
    return set(np.flatnonzero(equal).tolist()), bool((equal | is_empty).all())
