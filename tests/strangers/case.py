"""A case: a file, what a clerk of its shop knows, and what must come out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tests.strangers.truth import Truth

Expected = Literal["figures", "refused", "held", "figures or held"]
"""What is right: the figures; a refusal or a hold; these, or a question without an answer; figures or any of these."""


@dataclass(frozen=True)
class Clerk:
    """What a clerk of a shop knows, by question key. `columns` and `status` are the families column.* and status.*."""

    region: str
    country: str = "-"
    currency: str = "EUR"
    time_zone: str = "UTC"
    columns: Mapping[str, str] = field(default_factory=dict)
    """Column of a sale line → header; the file has no other."""
    status: Mapping[str, str] = field(default_factory=dict)
    """Word → status."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Other answers by key: date_order, decimal, identity, amount, prices, discount, tax_rate, …"""
    volunteered: Mapping[str, str] = field(default_factory=dict)
    """Answers that are given before any question."""


@dataclass(frozen=True)
class Case:
    """A file that nobody here has seen before."""

    name: str
    family: str
    file: str
    """File name."""
    build: Callable[[], bytes]
    clerk: Clerk
    truth: Truth | None
    """None: no figures are right, the file must not load."""
    expected: Expected = "figures"
    traps: tuple[str, ...] = ()
    """Traps of the issue that the file sets, by a short name."""
    encoding: str = "utf-8"
    """Encoding in which the clerk recognises the shop's words."""
    delimiter: str = ","
    contract: Mapping[str, object] | None = None
    """Contract of a known source that the file is loaded by; None: its contract is detected."""
    source: str = ""
    """The shipped contract of the source that the file is a copy of."""
    before: Sequence[tuple[Mapping[str, object], str, bytes]] = ()
    """Contract, file name and bytes of what was loaded before; the truth is of the whole ledger."""
