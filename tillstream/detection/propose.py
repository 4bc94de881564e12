"""Propose a contract for a file, with evidence and open questions."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from tillstream.detection.amount_columns import AmountColumns
from tillstream.detection.amounts import arithmetic
from tillstream.detection.answers import check_column_names
from tillstream.detection.columns import column_roles, column_uses, identity, missing_cells, status, status_columns
from tillstream.detection.columns.column_roles import number_style_columns
from tillstream.detection.evidence import LIKELY, DetectionFinding, DetectionLog, DetectionQuestion
from tillstream.detection.exports import export_programs
from tillstream.detection.exports.export_programs import recognise_export
from tillstream.detection.rows import ignored_rows, marked_rows, repeated_rows
from tillstream.detection.sheet import rows_where, with_names, without_rows
from tillstream.detection.text.file_sample import FileSample, sample_file
from tillstream.detection.values import currency, date_profile, date_source, dates, numbers
from tillstream.detection.values.date_profile import clock_formats
from tillstream.model.document_json import JsonObject

_UNSAFE_CHARACTERS = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Proposal:
    """A proposed contract as plain data, valid for `model.contract.parse_contract` once no question is open."""

    contract: JsonObject
    findings: tuple[DetectionFinding, ...]
    questions: tuple[DetectionQuestion, ...]
    rows: int
    """Number of sampled rows."""
    read: int = 0
    """Number of bytes read from the file."""
    columns: tuple[column_uses.ColumnUse, ...] = ()
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
        self._sheet, self._file, self._read = with_names(sample.sheet), sample.file, sample.read
        self._nameless = {name: column for name, column in sample.sheet.columns.items() if not name}
        self._log, self._name, self._file_name = log, name, file_name
        self._profiles = column_roles.profile_columns(self._sheet)
        self._export = recognise_export(sample.sheet.names)
        self._first_lines = frozenset[str]()

    def run(self) -> Proposal:
        log = self._log
        check_column_names(log.answers, self._sheet.columns)
        self._complete_orders()
        self._file = self._file | column_roles.header_settings(self._sheet, log)
        amounts = AmountColumns(self._sheet, self._profiles, self._first_lines, self._export, log)
        role_columns = column_roles.assign_roles(amounts.lines, log)
        shown = number_style_columns(role_columns, self._profiles)
        arithmetic.assume_decimal_separator(
            self._sheet, role_columns, {column.name: profile for column, profile in shown}, log
        )
        amounts.decide(role_columns, numbers.detect_number_style(shown, log))
        sheet, style = amounts.sheet, amounts.style
        name = _UNSAFE_CHARACTERS.sub("-", self._name).lstrip("-_")[:60].rstrip("-")
        contract: JsonObject = {"name": name or "proposed", "version": 1}
        contract["region"] = self._region()
        currencies = currency.detect_currency(sheet, role_columns, amounts.money_columns(role_columns), log)
        contract["currency"] = currencies.currency
        amounts.decide_units(role_columns, currencies.currency)
        contract["country"] = self._country(role_columns)
        contract["file"] = {}
        contract["numbers"] = amounts.numbers(role_columns, currencies.currency)
        sale_columns = identity.detect_identity(sheet, role_columns, log)
        repeated_rows.ask_repeated_rows(self._sheet, role_columns, log, sale_columns or ())
        contract["amounts"] = amounts.settings
        contract["dates"], source = self._dates(role_columns)
        texts = column_roles.status_candidates(amounts.lines, role_columns).values()
        with_marks, marked = marked_rows.detect_marked_rows(sheet, role_columns, style, log, sale_columns or ())
        also = export_programs.export_status_columns(self._export, sheet) if self._export else ()
        with_status, joined = status_columns.join_status_columns(
            with_marks, role_columns, texts, log, also, marked.made
        )
        contract["status"], status_words = status.map_status_words(
            with_status, role_columns, style, log, joined.meanings
        )
        contract["identity"] = {
            "ids": identity.sale_id_scope(sheet, role_columns, sale_columns, log),
            "whole_numbers": identity.whole_number_ids(sheet, role_columns, style.decimal),
        }
        where_missing = missing_cells.missing_value_rules(sheet, role_columns, self._profiles, style, log)
        contract["where_missing"] = amounts.where_missing | where_missing
        contract["columns"] = dict(role_columns)
        once, sheet = amounts.count_once(role_columns)
        contract["file"] = self._file | once | self._completed_refunds(amounts.settings)
        if sale_columns is not None:
            self._identify_sales(contract, sale_columns)
        contract["made"] = contract.get("made", {}) | marked.made | joined.made
        source.apply(contract)
        currencies.apply(contract)
        sheet = replace(sheet, names=(*sheet.names, *self._nameless), columns=sheet.columns | self._nameless)
        contract["extra_columns"] = [name for name in sheet.names if name not in contract["columns"].values()]
        made_of = (*contract["identity"].get("made_of", ()), *source.parts)
        uses = dict.fromkeys(made_of, "identity") | dict.fromkeys((*joined.parts, *marked.parts), "status")
        profiles = self._profiles | {
            name: column_roles.ColumnProfile(column) for name, column in self._nameless.items()
        }
        columns = column_uses.column_uses(sheet, profiles, contract["columns"], uses, style, status_words)
        findings, questions = tuple(log.findings), repeated_rows.deciding_questions(log.questions)
        return Proposal(_without_empty(contract), findings, questions, sheet.rows, self._read, columns)

    def _complete_orders(self) -> None:
        """Use what is known about the export; complete the rows of orders that are written once for all their lines."""
        export = self._export
        if not export:
            self._ignore(ignored_rows.detect_balance_rows(self._sheet, self._log))
            self._ignore(repeated_rows.detect_order_events(self._sheet, self._profiles, self._log))
            self._ignore(ignored_rows.detect_total_rows(self._sheet, self._profiles, self._log))
        sheet = self._sheet
        names, within = (
            export_programs.export_fill_down(export, sheet)
            if export
            else missing_cells.detect_fill_down(sheet, self._profiles, self._log)
        )
        if names:
            self._first_lines = missing_cells.order_amount_columns(sheet, self._profiles, within, names)
            self._sheet = missing_cells.fill_down_columns(sheet, names, within)
            self._profiles = column_roles.profile_columns(self._sheet)
            self._file = self._file | {"fill_down": list(names), "fill_down_within": within}
        elif not export:
            self._first_lines = missing_cells.amounts_of_first_or_last_rows(sheet, self._profiles)
        if export:
            self._ignore(export_programs.export_ignored_rows(export, self._sheet))
            export_programs.apply_export_answers(export, self._sheet, self._log)
        self._ignore(ignored_rows.detect_not_goods(self._sheet, self._log))

    def _completed_refunds(self, amounts: Mapping[str, Any]) -> JsonObject:
        """The contract's `file.fill_down` with the refunds of orders, in which the amounts of all lines fall."""
        completed = self._file.get("fill_down", ()) if self._export else ()
        headers = [header for pair in amounts.get("refunded", {}).items() for header in pair if completed]
        return {"fill_down": list(dict.fromkeys((*completed, *headers)))} if headers else {}

    def _ignore(self, ignore_where: Mapping[str, Sequence[str]]) -> None:
        """Leave out the rows with one of these cells."""
        if ignore_where:
            self._sheet = without_rows(self._sheet, rows_where(self._sheet, ignore_where))
            self._profiles = column_roles.profile_columns(self._sheet)
            before = self._file.get("ignore_where", {})
            where = {name: [*before.get(name, ()), *words] for name, words in ignore_where.items()}
            self._file = self._file | {"ignore_where": before | where}

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

    def _dates(self, role_columns: dict[str, str]) -> tuple[JsonObject, date_source.DateSource]:
        """The contract's `dates`, and what replaces a column of dates."""
        log = self._log
        settings: JsonObject = {}
        source = date_source.DateSource()
        has_times = has_offsets = False
        if "date" in role_columns:
            profile = self._profiles[role_columns["date"]]
            sale_ids = self._sheet.columns.get(role_columns.get("sale_id", ""))
            style = dates.detect_date_style(profile.column, profile.dates, self._sheet, log, sale_ids)
            settings = {"formats": list(style.formats), "language": style.language, "era": style.era}
            if half_converted := dates.ask_half_converted(profile.column, profile.dates, log):
                settings["half_converted"] = half_converted
            has_times, has_offsets = style.has_times, style.has_offsets
        else:
            source = date_source.detect_date_source(self._sheet, role_columns, self._file_name, log)
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

    def _identify_sales(self, contract: JsonObject, names: tuple[str, ...]) -> None:
        """Identify sales without a sale id by a set of columns, or by row content if `names` is empty."""
        contract["columns"].pop("sale_id", None)
        if names:
            contract["identity"]["made_of"] = list(names)
            contract["made"] = date_profile.derived_day_columns(names, self._sheet)
        else:
            contract["columns"].pop("line_key", None)
            contract["identity"]["by_content"] = True


def _without_empty(contract: JsonObject) -> JsonObject:
    """Drop empty values to keep the contract readable."""
    sections = {
        name: {key: value for key, value in section.items() if value not in ("", [], {})}
        if isinstance(section, dict)
        else section
        for name, section in contract.items()
    }
    return {name: section for name, section in sections.items() if section not in ("", [], {})}
