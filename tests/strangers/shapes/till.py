"""How a till writes its sales."""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import Plan, draw
from tests.strangers.tables import Columns, delimited, money
from tests.strangers.truth import truth_of

FAMILY = "tills"


STORES = ("High Street", "Station")


@dataclass(frozen=True)
class Till:
    """How a till writes: columns, what a clerk knows, and the form of the text."""

    name: str
    file: str
    plan: Plan
    columns: Columns
    clerk: Clerk
    delimiter: str = ","
    encoding: str = "utf-8"
    quote: str = "minimal"
    end: str = "\r\n"
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    basis: str = "net"
    units: bool = True
    sales: bool = True
    traps: tuple[str, ...] = field(default=())

    def case(self, family: str = FAMILY) -> Case:
        lines = draw(self.plan)
        build = partial(
            delimited, lines, self.columns, self.delimiter, self.encoding, quote=self.quote, end=self.end,
            above=self.above, below=self.below,
        )  # fmt: skip
        truth = truth_of(lines, self.clerk.currency, self.basis, sales=self.sales, units=self.units)  # type: ignore[arg-type]
        encoding = "utf-8-sig" if self.encoding == "bom" else self.encoding
        return Case(
            self.name, family, self.file, build, self.clerk, truth, traps=self.traps, encoding=encoding,
            delimiter=self.delimiter,
        )  # fmt: skip


def dollars(number: Decimal) -> str:
    return money(number, thousands=",", before="$")
