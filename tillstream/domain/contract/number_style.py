"""Contract section: format of numbers."""

import re
from typing import Literal, Self

from pydantic import field_validator, model_validator

from tillstream.domain.contract.sections import Strict

_EXAMPLE = re.compile(r"1(?P<thousands>[,. ']?)234(?P<decimal>[.,])50")


class NumberStyle(Strict):
    """Format of numbers; `currency_signs` are removed before a number is read."""

    decimal: Literal[".", ","] = "."
    """Decimal separator."""
    thousands: Literal["", ",", ".", " ", "'"] = ""
    """Thousands separator."""
    currency_signs: tuple[str, ...] = ()
    """Currency signs such as $ or Rs. that can occur before or after a number."""
    unit_words: tuple[str, ...] = ()
    """Words such as pcs or Stk. that can occur after a quantity."""
    alternatives: tuple[str, ...] = ()
    """Other formats that the source uses as well, each written as the number 1234.5 in it, such as 1.234,50. Numbers
    that two formats read differently are rejected, unless another number of the row proves one of the formats."""

    @model_validator(mode="after")
    def _distinct_signs(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands must be different signs")
        return self

    @field_validator("alternatives")
    @classmethod
    def _formats(cls, alternatives: tuple[str, ...]) -> tuple[str, ...]:
        for text in alternatives:
            if not (match := _EXAMPLE.fullmatch(text)) or match["thousands"] == match["decimal"]:
                raise ValueError(f"{text!r} is not the number 1234.5 in another format, such as 1.234,50 or 1234,50")
        return alternatives

    @property
    def example(self) -> str:
        """The number 1234.5 in this format."""
        return f"1{self.thousands}234{self.decimal}50"

    @property
    def styles(self) -> tuple["NumberStyle", ...]:
        """One style per format, each without alternatives; the first is the format of the contract itself."""
        matches = (_EXAMPLE.fullmatch(text) for text in self.alternatives)
        changes = (match.groupdict() for match in matches if match)
        return tuple(self.model_copy(update=change | {"alternatives": ()}) for change in ({}, *changes))
