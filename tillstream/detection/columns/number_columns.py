"""Columns whose cells show the number style of a file."""

from collections.abc import Mapping

from tillstream.detection.columns.roles import MONEY, NUMERIC, Profile
from tillstream.detection.sheet import Column
from tillstream.detection.values.numbers import NumberProfile


def style_columns(
    role_columns: Mapping[str, str], profiles: Mapping[str, Profile]
) -> list[tuple[Column, NumberProfile]]:
    """Money and quantity columns; if they leave the number style open, or none is money, also the other numbers.

    Without a column of money, the other numbers include those with separators that may be those of thousands.
    """
    mapped = [profiles[role_columns[role]] for role in sorted(NUMERIC & role_columns.keys())]
    mapped_columns = [(one.column, one.numbers) for one in mapped]
    if mapped_columns and (
        any(profile.decimal or profile.thousands for _, profile in mapped_columns)
        or (MONEY & role_columns.keys() and not any(profile.ambiguous for _, profile in mapped_columns))
    ):
        return mapped_columns
    others = [one for name, one in profiles.items() if name not in role_columns.values() and one.numbers.share > 0.95]
    numbers = [(one.column, one.numbers) for one in others]
    if MONEY & role_columns.keys():
        return mapped_columns + [(column, profile) for column, profile in numbers if profile.decimal]
    separated = [one for one in numbers if one[1].decimal or one[1].thousands or one[1].ambiguous]
    return mapped_columns + separated
