"""A connector: which source is read, how, and how often."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ConnectorDraft:
    """What an admin enters. contract: with which its files are read; empty: found by folder, name or content.

    is_once: a backfill, which reads its source to the end and then no more, unless a person requests it.
    """

    name: str
    kind: str
    settings: Mapping[str, str]
    contract: str = ""
    every_minutes: int = 15
    is_once: bool = False


@dataclass(frozen=True)
class Connector:
    """settings: a value for each setting of the kind. is_once: as in the draft. created_at: ISO 8601 UTC text."""

    name: str
    kind: str
    settings: Mapping[str, str]
    contract: str
    every_minutes: int
    is_paused: bool
    created_by: str
    created_at: str
    is_once: bool = False
