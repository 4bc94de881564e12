"""A column of a table of the warehouse."""

from dataclasses import dataclass
from typing import Literal

from tillstream.domain.columns import Kind

HASH128: Literal["hash128"] = "hash128"
HASH64: Literal["hash64"] = "hash64"
FieldKind = Kind | Literal["hash128", "hash64"]


@dataclass(frozen=True)
class Field:
    name: str
    kind: FieldKind
    description: str
    required: bool = False


def required(name: str, kind: FieldKind, description: str) -> Field:
    """A column without NULLs."""
    return Field(name, kind, description, required=True)
