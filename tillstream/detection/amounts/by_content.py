"""Assign columns of amounts by what they contain."""

from collections.abc import Sequence

from tillstream.detection.arithmetic import totals_by_content
from tillstream.detection.arithmetic.money import TERMS
from tillstream.detection.arithmetic.number_columns import NumberColumns
from tillstream.detection.evidence import DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle
from tillstream.detection.words.headers import is_irrelevant_header


def assign(sheet: Sheet, roles: dict[str, str], unmapped: Sequence[str], style: NumberStyle, log: DetectionLog) -> None:
    """Find what arithmetic proves; changes `roles` in place.

    unmapped: numeric columns without a role.
    """
    free = [name for name in unmapped if name and not is_irrelevant_header(name)]
    named = [roles[role] for role in TERMS if role in roles]
    columns = NumberColumns(sheet, dict.fromkeys((*named, *free)), style)
    totals_by_content.assign(columns, roles, free, log)
