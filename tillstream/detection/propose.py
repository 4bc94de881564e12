"""Propose a contract for a file, with evidence and open questions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from tillstream.detection.amounts import taxes, totals
from tillstream.detection.answers import check_names
from tillstream.detection.columns import identity, missing, roles, status
from tillstream.detection.evidence import LIKELY, DetectionLog, Finding, Question
from tillstream.detection.file_sample import FileSample, sample_file
from tillstream.detection.values import currency, dates, numbers
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

    @property
    def sure(self) -> float:
        """Lowest confidence of any finding; 0 while a question is open."""
        return 0.0 if self.questions else min((one.confidence for one in self.findings), default=0.0)

    def to_dict(self) -> dict[str, Any]:
        return {
            "contract": self.contract,
            "sure": self.sure,
            "findings": [one.to_dict() for one in self.findings],
            "questions": [one.to_dict() for one in self.questions],
            "rows_read": self.rows,
            "bytes_read": self.read,
        }


def propose(
    stream: BinaryIO | None = None,
    *,
    name: str = "",
    answers: Mapping[str, str] | None = None,
    sample: FileSample | None = None,
) -> Proposal:
    """Propose a contract for a file.

    name: file name or name of the new contract. answers: by question key, also for questions that are not open.
    sample: sample of a file in another format, instead of the stream.
    """
    log = DetectionLog(dict(answers or {}))
    if sample is None:
        if stream is None:
            raise ValueError("give a stream or a sheet")
        sample = sample_file(stream, log)
    return _Proposer(sample, log, name).run()


class _Proposer:
    def __init__(self, sample: FileSample, log: DetectionLog, name: str) -> None:
        self._sheet, self._file, self._read = sample.sheet, sample.file, sample.read
        self._log, self._name = log, name
        self._profiles = roles.profiles(sample.sheet)

    def run(self) -> Proposal:
        log, sheet = self._log, self._sheet
        check_names(log.answers, sheet.columns)
        for name in sheet.repeated:
            log.add_finding("header", name, f"{name or 'an empty name'} occurs twice in the header", LIKELY)
        role_columns = roles.assign(self._profiles, log)
        style = numbers.decide(self._number_columns(role_columns), log)
        unknown = tuple(name for name in self._unmapped_numbers(role_columns) if not match_header(name))
        taxes.ask_for_tax(sheet, role_columns, style, unknown, log)
        discount = role_columns.get("discount") or role_columns.get("discount_rate", "")
        percent = bool(discount) and self._profiles[discount].numbers.percent
        amounts = totals.decide(sheet, role_columns, style, log, percent=percent)
        self._ask_for_total(role_columns)
        money_columns = [
            (sheet.columns[role_columns[role]], self._profiles[role_columns[role]].numbers)
            for role in roles.MONEY
            if role in role_columns
        ]
        contract: dict[str, Any] = {
            "name": _UNSAFE_CHARACTERS.sub("-", self._name).strip("-")[:60] or "proposed",
            "version": 1,
        }
        contract["region"] = self._region()
        contract["currency"] = currency.decide(sheet, role_columns, money_columns, log)
        contract["country"] = self._country(role_columns)
        contract["file"] = self._file
        contract["numbers"] = {"decimal": style.decimal, "thousands": style.thousands}
        contract["numbers"]["currency_signs"] = list(currency.signs(money_columns))
        sale_columns = identity.decide(sheet, role_columns, log)
        contract["amounts"] = amounts
        contract["dates"] = self._dates(role_columns)
        contract["status"] = status.decide(sheet, role_columns, style, log)
        contract["identity"] = {"ids": identity.per_store(sheet, role_columns, sale_columns, log)}
        contract["where_missing"] = missing.decide(role_columns, self._profiles, log)
        contract["columns"] = dict(role_columns)
        if sale_columns is not None:
            self._identify_sales(contract, sale_columns)
        contract["extra_columns"] = [name for name in sheet.names if name not in contract["columns"].values()]
        return Proposal(_without_empty(contract), tuple(log.findings), tuple(log.questions), sheet.rows, self._read)

    def _number_columns(self, role_columns: dict[str, str]) -> list[tuple[Any, numbers.NumberProfile]]:
        """Money and quantity columns; if they leave the number style open, also every other numeric column."""
        mapped = [self._profiles[role_columns[role]] for role in sorted(roles.NUMERIC & role_columns.keys())]
        mapped_columns = [(one.column, one.numbers) for one in mapped]
        if any(profile.decimal or profile.thousands for _, profile in mapped_columns) or not any(
            profile.ambiguous for _, profile in mapped_columns
        ):
            return mapped_columns
        others = [
            one
            for name, one in self._profiles.items()
            if name not in role_columns.values() and one.numbers.share > 0.95
        ]
        return mapped_columns + [(one.column, one.numbers) for one in others if one.numbers.decimal]

    def _ask_for_total(self, role_columns: dict[str, str]) -> None:
        """Ask for the total of a line, or the columns to compute it from, if no header identifies them."""
        if {"net_amount", "gross_amount"} & set(role_columns):
            return
        unmapped = self._unmapped_numbers(role_columns)
        missing_roles = [role for role in ("quantity", "unit_price") if role not in role_columns]
        if not missing_roles:
            self._ask_for_discount(role_columns, unmapped)
        elif self._log.answers.get("column.net_amount") != "-":
            words = "Which column is the total of a line, after discount and before tax? Enter `-` if there is none."
            self._log.add_question("column.net_amount", words, (*unmapped, "-"))
        else:
            for role in missing_roles:
                self._log.add_question(f"column.{role}", f"Which column is the {role.replace('_', ' ')}?", unmapped)

    def _unmapped_numbers(self, role_columns: dict[str, str]) -> tuple[str, ...]:
        """Numeric columns without a role."""
        return tuple(
            name
            for name, one in self._profiles.items()
            if name not in role_columns.values()
            and one.column.filled
            and one.numbers.share > 0.9
            and not one.may_be_date
        )

    def _ask_for_discount(self, role_columns: dict[str, str], unmapped: tuple[str, ...]) -> None:
        """If the total is computed, ask whether a column with an unknown name is a discount."""
        if "discount" in role_columns or "column.discount" in self._log.answers:
            return
        candidates = [name for name in unmapped if not match_header(name) and self._profiles[name].numbers.decimal]
        if candidates:
            words = "Which column is a discount on the line? Enter `-` if there is none."
            self._log.add_question(
                "column.discount", words, (*candidates, "-"), "the total is computed, and its name is not known"
            )

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
                "country", "In which country were these sold? Enter `-` if unknown.", (), "no column contains it"
            )
        return "" if answer in {None, "-"} else str(answer)

    def _dates(self, role_columns: dict[str, str]) -> dict[str, Any]:
        log = self._log
        if "date" not in role_columns:
            return {}
        profile = self._profiles[role_columns["date"]]
        sale_ids = self._sheet.columns.get(role_columns.get("sale_id", ""))
        style = dates.decide(profile.column, profile.dates, self._sheet, log, sale_ids)
        settings: dict[str, Any] = {"formats": list(style.formats), "language": style.language}
        has_times = style.has_times
        if style.has_times or "time" not in role_columns:
            role_columns.pop("time", None)
        else:
            time_column = self._sheet.columns[role_columns["time"]]
            settings["time_formats"] = list(clock_formats(time_column))
            has_times = True
            log.add_finding("column.time", time_column.name, "its cells are times, and the dates have no time", LIKELY)
        return settings | {"time_zone": self._zone(required=has_times and not style.has_offsets)}

    def _zone(self, *, required: bool) -> str:
        zone = self._log.answer("time_zone")
        if not zone and required:
            words = "In which time zone are the times, such as Europe/London?"
            self._log.add_question("time_zone", words, (), "the times have no zone")
        elif not zone:
            evidence = "days without times, or times with their offset, need no zone"
            self._log.add_finding("time_zone", "UTC", evidence, LIKELY)
        return zone or "UTC"

    def _identify_sales(self, contract: dict[str, Any], names: tuple[str, ...]) -> None:
        """Identify sales without a sale id by a set of columns, or by row content if `names` is empty."""
        contract["columns"].pop("sale_id", None)
        if names:
            contract["identity"]["made_of"] = list(names)
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
