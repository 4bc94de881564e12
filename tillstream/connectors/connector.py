"""A connector: which source is read, how, and how often."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ConnectorDraft:
    """What an admin enters. contract: with which its files are read; empty: found by folder, name or content."""

    name: str
    kind: str
    settings: Mapping[str, str]
    contract: str = ""
    every_minutes: int = 15


@dataclass(frozen=True)
class Connector:
    """settings: a value for each setting of the kind. created_at: ISO 8601 UTC text."""

    name: str
    kind: str
    settings: Mapping[str, str]
    contract: str
    every_minutes: int
    is_paused: bool
    created_by: str
    created_at: str
