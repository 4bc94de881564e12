"""What is decided about the taxes of a file before its totals."""

from collections.abc import Mapping
from typing import Any

from tillstream.detection.amounts import charges, tax_kinds, tax_parts, taxes
from tillstream.detection.evidence import DetectionLog
from tillstream.detection.orders import order_taxes
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.values.numbers import NumberStyle, profile


class TaxColumns:
    """The kind of the tax column, the columns that are added to it, and a tax of orders that no sum explains."""

    def __init__(self, sheet: Sheet, columns: Mapping[str, Column], log: DetectionLog) -> None:
        """columns: those with a value for each line."""
        self._log = log
        self.parts = tax_parts.decide(sheet, columns, log)
        self.kind = self.order_tax = ""

    def read(self, sheet: Sheet, roles: dict[str, str], style: NumberStyle) -> None:
        """Decide whether the tax column contains amounts or rates, which get the role tax_rate, in place."""
        name = roles.get("tax") or roles.get("tax_rate", "")
        percent = bool(name) and profile(sheet.columns[name]).percent
        self.kind = tax_kinds.decide(sheet, roles, style, self._log, percent=percent)

    def ask(self, sheet: Sheet, roles: dict[str, str], style: NumberStyle, unknown: tuple[str, ...]) -> None:
        """Ask for a tax or a net total among the numeric columns with unknown names, and read the totals of orders."""
        charges.find_tax(sheet, roles, style, unknown, self._log)
        taxes.ask_for_tax(sheet, roles, style, unknown, self._log)
        taxes.ask_for_net(sheet, roles, style, unknown, self._log)
        self.order_tax = order_taxes.decide(sheet, roles, style, self._log)

    def words(self, roles: Mapping[str, str]) -> str:
        """The columns of the tax such as “CGST and SGST”; empty without one."""
        name = roles.get("tax") or roles.get("tax_rate", "")
        return " and ".join((name, *self.parts.added.get("tax", ()))) if "tax" in roles else name

    def add_parts(self, amounts: dict[str, Any], roles: Mapping[str, str]) -> None:
        """Add the other columns of a sum to the contract's `amounts`, in place."""
        added = {role: list(names) for role, names in self.parts.added.items() if role in roles}
        if added:
            amounts["add"] = added | amounts.get("add", {})
