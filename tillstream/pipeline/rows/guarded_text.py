"""The guard against formulas, for columns of text; columns without formulas are returned unchanged."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.text.formula_guard import NEEDS_GUARD, guard, unguard


def guard_column(column: Any) -> Any:
    """Apply `guard` to each text; null stays null."""
    return _replace(column, guard)


def unguard_column(column: Any) -> Any:
    """Apply `unguard` to each text; null stays null. A text with a guard also matches `NEEDS_GUARD`."""
    return _replace(column, unguard)


def _replace(column: Any, change: Callable[[str], str]) -> Any:
    matches = pc.fill_null(pc.match_substring_regex(column, NEEDS_GUARD), False)
    if not pc.any(matches).as_py():
        return column
    texts = pa.array(map(change, column.filter(matches).to_pylist()), column.type)
    return pc.replace_with_mask(column, matches, texts)
