"""Propose a contract for a file, with evidence and open questions."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from tillstream.detection.amounts import (
    ask_totals,
    by_content,
    less_parts,
    minor_units,
    order_amounts,
    quantities,
    scales,
    totals,
)
from tillstream.detection.amounts.tax_columns import TaxColumns
from tillstream.detection.answers import check_names
from tillstream.detection.columns import (
    accounted,
    days_of_dates,
    fill_down,
    identity,
    joined_status,
    missing,
    repeated_names,
    roles,
    status,
    total_rows,
)
from tillstream.detection.columns.number_columns import style_columns
from tillstream.detection.evidence import LIKELY, DetectionLog, Finding, Question
from tillstream.detection.exports import apply
from tillstream.detection.exports.catalogue import recognise
from tillstream.detection.file_sample import FileSample, sample_file
from tillstream.detection.sheet import Sheet, rows_where, without_rows
from tillstream.detection.values import currency, date_source, dates, numbers
from tillstream.detection.values.clocks import clock_formats
from tillstream.detection.words.headers import match_header

_UNSAFE_CHARACTERS = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Proposal:
    """A proposed contract as plain data, valid for `domain.contract.model.parse` once no question is open."""

    contract: dict[str, Any]
    findings: tuple[Finding, ...]
    questions: tuple[Question, ...]
    rows: int
    """Number of sampled rows."""
    read: int = 0
    """Number of bytes read from the file."""
    columns: tuple[accounted.ColumnUse, ...] = ()
    """Every column of the file."""


def propose(
    stream: BinaryIO | None = None,
    *,
    name: str = "",
    file: str = "",
    answers: Mapping[str, str] | None = None,
    sample: FileSample | None = None,
) -> Proposal:
    """Propose a contract for a file.

    name: name of the new contract. file: name of the file, if it is not `name`.
    answers: by question key, also for questions that are not open.
    sample: sample of a file in another format, instead of the stream.
    """
    log = DetectionLog(dict(answers or {}))
    if sample is None:
        if stream is None:
            raise ValueError("give a stream or a sheet")
        sample = sample_file(stream, log)
    return _Proposer(sample, log, name, file or name).run()


class _Proposer:
    def __init__(self, sample: FileSample, log: DetectionLog, name: str, file_name: str) -> None:
        self._sheet, self._file, self._read = sample.sheet, sample.file, sample.read
        self._log, self._name, self._file_name = log, name, file_name
        self._profiles = roles.profiles(sample.sheet)
        self._export = recognise(sample.sheet.names)
        self._order_amounts, self._first_lines = frozenset[str](), frozenset[str]()

    def run(self) -> Proposal:
        log = self._log
        check_names(log.answers, self._sheet.columns)
        self._complete_orders()
        sheet = self._sheet
        self._file = self._file | repeated_names.decide(sheet, log)
        self._taxes = TaxColumns({name: one.column for name, one in self._line_profiles.items()}, log)
        role_columns = roles.assign(self._line_profiles, log)
        style = numbers.decide(style_columns(role_columns, self._profiles), log)
        self._taxes.read(sheet, role_columns, style)
        scaled = self._scaled(role_columns, style)
        style = scaled.style
        orders = order_amounts.decide(scaled.sheet, role_columns, self._unmapped_numbers(role_columns), style, log)
        sheet = self._without_repeated(orders, role_columns)
        by_content.assign(sheet, role_columns, self._unmapped_numbers(role_columns), style, log)
        unknown = tuple(name for name in self._unmapped_numbers(role_columns) if not match_header(name))
        self._taxes.ask(sheet, role_columns, style, unknown)
        discounts = [role_columns[role] for role in ("discount", "discount_rate") if role in role_columns]
        percent = any(self._profiles[name].numbers.percent for name in discounts[:1])
        amounts = totals.decide(sheet, role_columns, style, log, percent=percent, taxes=self._taxes)
        amounts |= ask_totals.decide(sheet, role_columns, self._unmapped_numbers(role_columns), style, log)
        repeated_names.ask(sheet, role_columns, log)
        quantities.decide(sheet, role_columns, self._unmapped_numbers(role_columns), style, log)
        known, parts = apply.amount_settings(self._export, role_columns), apply.parts(self._export, sheet)
        free = self._unmapped_numbers(role_columns)
        amounts |= less_parts.decide(
            sheet, role_columns, free, style, log, known=known, known_parts=parts, order_columns=self._first_lines
        )
        self._taxes.add_parts(amounts, role_columns)
        money_columns = [
            (sheet.columns[role_columns[role]], self._profiles[role_columns[role]].numbers)
            for role in roles.MONEY
            if role in role_columns
        ]
        name = _UNSAFE_CHARACTERS.sub("-", self._name).strip("-")[:60]
        contract: dict[str, Any] = {"name": name or "proposed", "version": 1}
        contract["region"] = self._region()
        currencies = currency.decide(sheet, role_columns, money_columns, log)
        contract["currency"] = currencies.currency
        rates = {role for role in ("discount", "tax") if amounts.get(role, "amount") != "amount"}
        if minor := minor_units.decide(sheet, role_columns, contract["currency"], style, log, rates=rates):
            amounts["minor_units"] = list(minor)
        if factors := scaled.factors | scales.multiples(role_columns, log):
            amounts["factors"] = scales.product(amounts.get("factors", {}), factors)
        contract["country"] = self._country(role_columns)
        contract["file"] = self._file
        contract["numbers"] = self._numbers(role_columns, style) | {
            "alternatives": list(scaled.alternatives),
            "currency_signs": list(currency.signs(money_columns, currencies.currency)),
        }
        sale_columns = identity.decide(sheet, role_columns, log)
        contract["amounts"] = amounts
        contract["dates"], source = self._dates(role_columns)
        texts = roles.status_texts(self._line_profiles, role_columns).values()
        with_status, joined = joined_status.decide(
            sheet, role_columns, texts, log, apply.also_status(self._export, sheet) if self._export else ()
        )
        contract["status"], status_words = status.decide(with_status, role_columns, style, log, joined.meanings)
        contract["identity"] = {"ids": identity.per_store(sheet, role_columns, sale_columns, log)}
        contract["where_missing"] = missing.decide(sheet, role_columns, self._profiles, style, log)
        contract["columns"] = dict(role_columns)
        sheet = self._count_once(contract, orders)
        if sale_columns is not None:
            self._identify_sales(contract, sale_columns)
        contract["made"] = contract.get("made", {}) | joined.made
        source.apply(contract)
        currencies.apply(contract)
        contract["extra_columns"] = [name for name in sheet.names if name not in contract["columns"].values()]
        made_of = (*contract["identity"].get("made_of", ()), *source.parts)
        uses = dict.fromkeys(made_of, "identity") | dict.fromkeys(joined.parts, "status")
        columns = accounted.account(sheet, self._profiles, contract["columns"], uses, style, status_words)
        findings, questions = tuple(log.findings), tuple(log.questions)
        return Proposal(_without_empty(contract), findings, questions, sheet.rows, self._read, columns)

    def _complete_orders(self) -> None:
        """Use what is known about the export; complete the rows of orders that are written once for all their lines."""
        export = self._export
        if not export:
            self._ignore(total_rows.decide(self._sheet, self._profiles, self._log))
        sheet = self._sheet
        names, within = apply.fill_down(export, sheet) if export else fill_down.decide(sheet, self._profiles, self._log)
        if names:
            self._first_lines = fill_down.order_columns(sheet, self._profiles, within)
            self._sheet = fill_down.complete(sheet, names, within)
            self._profiles = roles.profiles(self._sheet)
            self._file = self._file | {"fill_down": list(names), "fill_down_within": within}
        if export:
            self._ignore(apply.ignore_where(export, self._sheet))
            apply.answer(export, self._sheet, self._log)
        self._line_profiles = {name: one for name, one in self._profiles.items() if name not in self._first_lines}

    def _ignore(self, ignore_where: Mapping[str, Sequence[str]]) -> None:
        """Leave out the rows with one of these cells."""
        if ignore_where:
            self._sheet = without_rows(self._sheet, rows_where(self._sheet, ignore_where))
            self._profiles = roles.profiles(self._sheet)
            self._file = self._file | {"ignore_where": {name: list(words) for name, words in ignore_where.items()}}

    def _unmapped_numbers(self, role_columns: dict[str, str]) -> tuple[str, ...]:
        """Numeric columns without a role, and not of whole orders if quantity and price are those of the line."""
        return tuple(
            name
            for name, one in self._line_profiles.items()
            if name not in {*role_columns.values(), *self._order_amounts, *self._taxes.at_rates}
            and one.column.filled
            and one.numbers.share > 0.9
            and not one.may_be_date
        )

    def _without_repeated(self, orders: order_amounts.OrderAmounts, role_columns: dict[str, str]) -> Sheet:
        """The sheet in which amounts of orders count once; if quantity and price are known, they have no other use."""
        self._order_amounts = orders.repeated if {"quantity", "unit_price"} <= set(role_columns) else frozenset()
        return orders.sheet

    def _count_once(self, contract: dict[str, Any], orders: order_amounts.OrderAmounts) -> Sheet:
        """Add the used amounts of orders to the contract; the sheet with the original values of the others."""
        amounts = contract["amounts"]
        terms = {name for part in ("add", "subtract") for names in amounts.get(part, {}).values() for name in names}
        used = {*contract["columns"].values(), *terms}
        contract["file"] = self._file | orders.settings(used)
        return orders.restored(self._sheet, used)

    def _scaled(self, role_columns: dict[str, str], style: numbers.NumberStyle) -> scales.QuantityStyle:
        money = [self._profiles[name].column for role, name in role_columns.items() if role in roles.MONEY]
        return scales.quantities(self._sheet, role_columns, style, money, self._log)

    def _numbers(self, role_columns: dict[str, str], style: numbers.NumberStyle) -> dict[str, Any]:
        units = self._profiles[role_columns["quantity"]].units if "quantity" in role_columns else ()
        return {"decimal": style.decimal, "thousands": style.thousands, "unit_words": list(units)}

    def _region(self) -> str:
        answer = self._log.answer("region")
        if not answer:
            self._log.add_question(
                "region", "To which region do these sales belong?", (), "the file does not contain it"
            )
        return answer or "?"

    def _country(self, role_columns: dict[str, str]) -> str:
        log = self._log
        if "country" in role_columns:
            return ""
        answer = log.answer("country")
        if answer is None:
            log.add_question(
                "country", "In which country were these sold?", (), "no column contains it", none="not known"
            )
        return "" if answer in {None, "-"} else str(answer)

    def _dates(self, role_columns: dict[str, str]) -> tuple[dict[str, Any], date_source.DateSource]:
        """The contract's `dates`, and what replaces a column of dates."""
        log = self._log
        settings: dict[str, Any] = {}
        source = date_source.DateSource()
        has_times = has_offsets = False
        if "date" in role_columns:
            profile = self._profiles[role_columns["date"]]
            sale_ids = self._sheet.columns.get(role_columns.get("sale_id", ""))
            style = dates.decide(profile.column, profile.dates, self._sheet, log, sale_ids)
            settings = {"formats": list(style.formats), "language": style.language, "era": style.era}
            if half_converted := dates.ask_half_converted(profile.column, profile.dates, log):
                settings["half_converted"] = half_converted
            has_times, has_offsets = style.has_times, style.has_offsets
        else:
            source = date_source.decide(self._sheet, role_columns, self._file_name, log)
            settings = dict(source.dates)
        if has_times or "time" not in role_columns:
            role_columns.pop("time", None)
        else:
            time_column = self._sheet.columns[role_columns["time"]]
            settings["time_formats"] = list(clock_formats(time_column))
            has_times = True
            log.add_finding("column.time", time_column.name, "its cells are times, and the dates have no time", LIKELY)
        return settings | {"time_zone": self._zone(has_times=has_times, has_offsets=has_offsets)}, source

    def _zone(self, *, has_times: bool, has_offsets: bool) -> str:
        zone = self._log.answer("time_zone")
        if not zone and has_offsets:
            words = (
                "In which time zone is the shop, such as Europe/London? It decides the day of a sale in the evening."
            )
            self._log.add_question("time_zone", words, (), "the times have offsets, and the days are those of the shop")
        elif not zone and has_times:
            words = "In which time zone are the times, such as Europe/London?"
            self._log.add_question("time_zone", words, (), "the times have no zone")
        elif not zone:
            self._log.add_finding("time_zone", "UTC", "days without times need no zone", LIKELY)
        return zone or "UTC"

    def _identify_sales(self, contract: dict[str, Any], names: tuple[str, ...]) -> None:
        """Identify sales without a sale id by a set of columns, or by row content if `names` is empty."""
        contract["columns"].pop("sale_id", None)
        if names:
            contract["identity"]["made_of"] = list(names)
            contract["made"] = days_of_dates.derived_days(names, self._sheet)
        else:
            contract["columns"].pop("line_key", None)
            contract["identity"]["by_content"] = True


def _without_empty(contract: dict[str, Any]) -> dict[str, Any]:
    """Drop empty values to keep the contract readable."""
    sections = {
        name: {key: value for key, value in section.items() if value not in ("", [], {})}
        if isinstance(section, dict)
        else section
        for name, section in contract.items()
    }
    return {name: section for name, section in sections.items() if section not in ("", [], {})}
