"""The columns of amounts, and the contract's settings for them: each rule uses what the ones before it decided."""

from collections.abc import Mapping, Sequence

from tillstream.detection.amounts import (
    further_discounts,
    line_totals,
    order_totals,
    scales,
    signed_amounts,
    subtractions,
    totals,
    totals_by_content,
)
from tillstream.detection.amounts.arithmetic import role_of_total
from tillstream.detection.amounts.totals import TaxColumns
from tillstream.detection.columns import column_roles
from tillstream.detection.columns.column_roles import MONEY_ROLES, ColumnProfile
from tillstream.detection.evidence import DetectionLog
from tillstream.detection.exports import export_programs
from tillstream.detection.exports.export_programs import ProgramExport
from tillstream.detection.sheet import SampleColumn, Sheet
from tillstream.detection.values.currency import currency_signs
from tillstream.detection.values.numbers import DetectedNumberStyle, NumberProfile
from tillstream.detection.words.headers import match_header
from tillstream.model.document_json import JsonObject

_NUMERIC = 0.9
"""Share of numbers in a numeric column."""


class AmountColumns:
    """Decides how the amounts of a sheet are read.

    profiles: of all columns. first_lines: columns with a value on the first line of an order only.
    """

    def __init__(
        self,
        sheet: Sheet,
        profiles: Mapping[str, ColumnProfile],
        first_lines: frozenset[str],
        export: ProgramExport | None,
        log: DetectionLog,
    ) -> None:
        self._original, self._profiles, self._first_lines = sheet, profiles, first_lines
        self._export, self._log = export, log
        self.lines = {name: one for name, one in profiles.items() if name not in first_lines}
        """The profiles of the columns that have a value for each line."""
        self._taxes = TaxColumns(sheet, {name: one.column for name, one in self.lines.items()}, log)
        self._of_orders = frozenset[str]()

    def decide(self, roles: dict[str, str], style: DetectedNumberStyle) -> None:
        """Add roles of columns of amounts to `roles`, and set the attributes `sheet`, `style` and `settings`."""
        sheet, log = self._original, self._log
        self._taxes.read(sheet, roles, style)
        money = [self._profiles[name].column for role, name in roles.items() if role in MONEY_ROLES]
        self._scaled = scales.detect_quantity_style(sheet, roles, style, money, log)
        self.style = style = self._scaled.style
        self._orders = order_totals.detect_order_amounts(
            self._scaled.sheet, roles, self._free_numbers(roles), style, log
        )
        if {"quantity", "unit_price"} <= set(roles):  # the amounts of orders have no other use then
            self._of_orders = self._orders.repeated
        self.sheet = sheet = self._orders.sheet
        totals_by_content.assign_roles_by_content(sheet, roles, self._free_numbers(roles), style, log)
        self._taxes.ask(
            sheet, roles, style, tuple(name for name in self._free_numbers(roles) if not match_header(name))
        )
        discounts = [roles[role] for role in ("discount", "discount_rate") if role in roles]
        percent = any(self._profiles[name].numbers.percent for name in discounts[:1])
        self.settings: JsonObject = dict(
            totals.classify_totals(sheet, roles, style, log, percent=percent, taxes=self._taxes)
        )
        debits = signed_amounts.detect_debit_credit(sheet, roles, self._free_numbers(roles), style, log)
        self.settings |= line_totals.ask_for_line_total(sheet, roles, self._free_numbers(roles), style, log)
        column_roles.ask_repeated_names(sheet, roles, log)
        line_totals.ask_for_quantity(sheet, roles, self._free_numbers(roles), style, log)
        taken_back = [name for terms in debits.values() for names in terms.values() for name in names]
        refunds = export_programs.export_refunds(self._export, sheet)
        self.settings |= subtractions.detect_amount_terms(
            sheet,
            roles,
            [name for name in self._free_numbers(roles) if name not in (*refunds, *taken_back)],
            style,
            log,
            export_settings=export_programs.export_amount_settings(self._export, roles),
            export_parts=export_programs.export_amount_parts(self._export, sheet),
            order_columns=(self._first_lines | export_programs.export_order_discounts(self._export, sheet))
            - refunds.keys(),
            includes_tax=self.settings.get("include") == "tax",
        )
        if refunded := {name: of for name, of in refunds.items() if log.answer(f"subtract.{name}") == "yes"}:
            self.settings["refunded"] = {**self.settings.get("refunded", {}), **refunded}
        self._taxes.add_parts(self.settings, roles)
        self._subtract_discounts(roles)
        if negative := signed_amounts.detect_negative_sales(sheet, roles, style, log):
            self.settings["factors"] = scales.combine_factors(self.settings.get("factors", {}), negative)
        if not self._export:
            self._add_terms(
                further_discounts.ask_more_discounts(sheet, roles, self._free_numbers(roles), self.settings, style, log)
            )
        self._add_terms(debits)
        self.where_missing = {"net_amount": {"do": "default", "value": "0"}} if debits else {}

    def _add_terms(self, more: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        for part, by_role in more.items():
            terms = self.settings.setdefault(part, {})
            for role, names in by_role.items():
                terms[role] = [*terms.get(role, ()), *names]

    def _subtract_discounts(self, roles: dict[str, str]) -> None:
        """Subtract discounts of whole orders once, from the first line of the order."""
        numeric = [name for name, one in self.lines.items() if one.column.filled and one.numbers.share > _NUMERIC]
        names = (
            ()
            if self._export
            else further_discounts.detect_document_discounts(
                self._original, roles, numeric, self.settings, self.style, self._log
            )
        )
        self._orders = self._orders.with_names(names, roles.get("sale_id", ""))
        total = role_of_total(roles)
        for name in names:
            if not total and "discount" not in roles:
                roles["discount"] = name
                continue
            terms = self.settings.setdefault("subtract" if total else "add", {})
            terms[total or "discount"] = [*terms.get(total or "discount", ()), name]

    def decide_units(self, roles: dict[str, str], currency: str) -> None:
        """Add to `settings` what the numbers are counted in, such as cents or thousands. currency: of all rows."""
        rates = {role for role in ("discount", "tax") if self.settings.get(role, "amount") != "amount"}
        if minor := scales.detect_minor_units(self.sheet, roles, currency, self.style, self._log, rates=rates):
            self.settings["minor_units"] = list(minor)
        if factors := self._scaled.factors | scales.detect_multiples(roles, self._log):
            self.settings["factors"] = scales.combine_factors(self.settings.get("factors", {}), factors)

    def money_columns(self, roles: Mapping[str, str]) -> list[tuple[SampleColumn, NumberProfile]]:
        """The mapped columns of amounts of money, with what is known about their numbers."""
        names = [roles[role] for role in MONEY_ROLES if role in roles]
        return [(self.sheet.columns[name], self._profiles[name].numbers) for name in names]

    def numbers(self, roles: Mapping[str, str], currency: str) -> JsonObject:
        """The contract's `numbers`. currency: of all rows."""
        return {
            "decimal": self.style.decimal,
            "thousands": self.style.thousands,
            "unit_words": list(self._profiles[roles["quantity"]].units if "quantity" in roles else ()),
            "alternatives": list(self._scaled.alternatives),
            "currency_signs": list(currency_signs(self.money_columns(roles), currency)),
        }

    def count_once(self, roles: Mapping[str, str]) -> tuple[dict[str, object], Sheet]:
        """The contract's `file` settings for the used amounts of orders, and the sheet with the others unchanged."""
        terms = {
            name for part in ("add", "subtract") for names in self.settings.get(part, {}).values() for name in names
        }
        used = {*roles.values(), *terms}
        return self._orders.settings(used), self._orders.restored(self._original, used)

    def _free_numbers(self, roles: Mapping[str, str]) -> tuple[str, ...]:
        """Numeric columns without a role, and not of whole orders if quantity and price are those of the line."""
        taken = {*roles.values(), *self._of_orders, *self._taxes.parts.columns}
        return tuple(
            name
            for name, one in self.lines.items()
            if name not in taken and one.column.filled and one.numbers.share > _NUMERIC and not one.may_be_date
        )
