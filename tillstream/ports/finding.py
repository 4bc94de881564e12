"""What a check of stored files found."""

from dataclasses import dataclass
from enum import StrEnum


class Lost(StrEnum):
    """What may be missing."""

    NOTHING = ""
    """It is repaired from what is kept."""
    STATE = "state"
    """Content of the file itself."""
    CLOCK = "clock"
    """Nothing; the clock of the machine is wrong for as long as this is found."""
    ORDER = "order"
    """The order in which something was received."""
    SALES = "sales"
    """Sales that were accepted from tills."""


@dataclass(frozen=True)
class Finding:
    """A damaged, missing or older file, and what was done about it.

    name: of the file, stable. message: sentences on what was found and repaired. remedy: sentences on what to do, empty
    if nothing is to be done.
    """

    name: str
    message: str
    remedy: str = ""
    lost: Lost = Lost.NOTHING

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()
