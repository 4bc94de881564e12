"""What is subtracted from the totals: a discount, refunds, returned units, and what a total includes."""

from collections.abc import Mapping, Sequence
from typing import Any

from tillstream.detection.amounts import order_discounts, subtractions
from tillstream.detection.evidence import DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle


def decide(
    sheet: Sheet,
    roles: dict[str, str],
    unmapped: Sequence[str],
    style: NumberStyle,
    log: DetectionLog,
    *,
    known: Mapping[str, object] | None,
    known_parts: Sequence[str],
) -> dict[str, Any]:
    """Settings of `amounts`. known: those of a known export; known_parts: what may be subtracted from its total."""
    parts = None if known is None else known_parts
    settings = order_discounts.decide(sheet, roles, unmapped, style, log) if known is None else known
    return {**settings, **subtractions.decide(sheet, roles, unmapped, style, log, known_parts=parts)}
