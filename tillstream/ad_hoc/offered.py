"""A table as a statement can read it. The process that checks statements needs no more of the marts than this."""

from dataclasses import dataclass

OF_SCOPE = "scoped_"
"""Prefix of the relations that replace the tables in a query."""


@dataclass(frozen=True)
class OfferedColumn:
    name: str
    type: str
    description: str


@dataclass(frozen=True)
class OfferedTable:
    """A table as a person sees it. select: its rows within the scope, in GoogleSQL. is_restricted: whether the table
    has further rows."""

    name: str
    description: str
    columns: tuple[OfferedColumn, ...]
    select: str
    is_restricted: bool
