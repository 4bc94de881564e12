"""A file → a proposed contract with its evidence and its open questions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from tillstream.detection.amounts import taxes, totals
from tillstream.detection.answers import check_names
from tillstream.detection.columns import identity, missing, roles, status
from tillstream.detection.evidence import LIKELY, Finding, Question, Told
from tillstream.detection.sheet import Sheet
from tillstream.detection.text import dialect, encoding, sample
from tillstream.detection.text.dialect import Dialect
from tillstream.detection.values import currency, dates, numbers
from tillstream.detection.values.clocks import clock_formats
from tillstream.detection.words.headers import called

CALLED = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Proposal:
    """`contract` is plain data, valid for `domain.contract.model.parse` once no question is open."""

    contract: dict[str, Any]
    findings: tuple[Finding, ...]
    questions: tuple[Question, ...]
    rows: int
    """Rows that were looked at."""
    read: int = 0
    """Bytes that were read of the file."""

    @property
    def sure(self) -> float:
        """Of the least sure finding that no person answered; 0 while a question is open."""
        return 0.0 if self.questions else min((one.confidence for one in self.findings), default=0.0)

    def plain(self) -> dict[str, Any]:
        return {
            "contract": self.contract,
            "sure": self.sure,
            "findings": [one.plain() for one in self.findings],
            "questions": [one.plain() for one in self.questions],
            "rows_read": self.rows,
            "bytes_read": self.read,
        }


@dataclass(frozen=True)
class Looked:
    """A file's sample as a sheet, and how its bytes became cells."""

    sheet: Sheet
    file: dict[str, Any] = field(default_factory=dict)
    """The contract's `file` section."""
    read: int = 0
    foreign: tuple[str, ...] = ()
    """Words with letters outside ASCII, where the file is one of text."""


def look(stream: BinaryIO, told: Told | None = None) -> Looked:
    """Reads at most `sample.MOST` bytes. The sample of a file of text; sheets of other formats are made elsewhere."""
    told = told or Told()
    taken = sample.take(stream)
    text = encoding.decide(taken, told)
    style, sheet = dialect.decide(text, told, whole=taken.whole, ended=taken.ended)
    return Looked(sheet, _file(text.encoding, style), taken.read, encoding.foreign(text))


def _file(spelled: str, style: Dialect) -> dict[str, Any]:
    own = {"ignore": list(style.ignore), "header": list(style.names)}
    return {"encoding": spelled, "delimiter": style.delimiter} | own


def propose(
    stream: BinaryIO | None = None,
    *,
    name: str = "",
    answers: Mapping[str, str] | None = None,
    looked: Looked | None = None,
) -> Proposal:
    """name: of the file or of the contract to be; answers: by the keys of questions, also of those that are not open.

    looked: the sheet of a file of another format, in place of the stream.
    """
    told = Told(dict(answers or {}))
    if looked is None:
        if stream is None:
            raise ValueError("give a stream or a sheet")
        looked = look(stream, told)
    return _Proposer(looked, told, name).run()


class _Proposer:
    def __init__(self, looked: Looked, told: Told, name: str) -> None:
        self._sheet, self._file, self._read = looked.sheet, looked.file, looked.read
        self._told, self._name = told, name
        self._seen = roles.profiles(looked.sheet)

    def run(self) -> Proposal:
        told, sheet = self._told, self._sheet
        check_names(told.answers, sheet.columns)
        for name in sheet.repeated:
            told.find("header", name, f"{name or 'an empty name'} stands twice in the header", LIKELY)
        played = roles.assign(self._seen, told)
        style = numbers.decide(self._numbers(played), told)
        unknown = tuple(name for name in self._unmapped(played) if not called(name))
        taxes.suspect(sheet, played, style, unknown, told)
        discount = played.get("discount") or played.get("discount_rate", "")
        percent = bool(discount) and self._seen[discount].numbers.percent
        amounts = totals.decide(sheet, played, style, told, percent=percent)
        self._needed(played)
        seen = [
            (sheet.columns[played[role]], self._seen[played[role]].numbers) for role in roles.MONEY if role in played
        ]
        contract: dict[str, Any] = {"name": CALLED.sub("-", self._name).strip("-")[:60] or "proposed", "version": 1}
        contract["region"] = self._region()
        contract["currency"] = currency.decide(sheet, played, seen, told)
        contract["country"] = self._country(played)
        contract["file"] = self._file
        contract["numbers"] = {"decimal": style.decimal, "thousands": style.thousands}
        contract["numbers"]["currency_signs"] = list(currency.signs(seen))
        made = identity.decide(sheet, played, told)
        contract["amounts"] = amounts
        contract["dates"] = self._dates(played)
        contract["status"] = status.decide(sheet, played, style, told)
        contract["identity"] = {"ids": identity.per_store(sheet, played, made, told)}
        contract["where_missing"] = missing.decide(played, self._seen, told)
        contract["columns"] = dict(played)
        if made is not None:
            self._made_up(contract, made)
        contract["extra_columns"] = [name for name in sheet.names if name not in contract["columns"].values()]
        return Proposal(_bare(contract), tuple(told.findings), tuple(told.questions), sheet.rows, self._read)

    def _numbers(self, played: dict[str, str]) -> list[tuple[Any, numbers.Numbers]]:
        """The columns of money and quantity; where these tell nothing, every other column of numbers."""
        mapped = [self._seen[played[role]] for role in sorted(roles.NUMERIC & played.keys())]
        ours = [(one.column, one.numbers) for one in mapped]
        if any(seen.decimal or seen.thousands for _, seen in ours) or not any(seen.either for _, seen in ours):
            return ours
        others = [one for name, one in self._seen.items() if name not in played.values() and one.numbers.share > 0.95]
        return ours + [(one.column, one.numbers) for one in others if one.numbers.decimal]

    def _needed(self, played: dict[str, str]) -> None:
        """A line needs a total, or what it is computed from; asks for what no name told."""
        if {"net_amount", "gross_amount"} & set(played):
            return
        free = self._unmapped(played)
        lacking = [role for role in ("quantity", "unit_price") if role not in played]
        if not lacking:
            self._discounted(played, free)
        elif self._told.answers.get("column.net_amount") != "-":
            words = "Which column is the total of a line, after discount and before tax? `-` where none is."
            self._told.ask("column.net_amount", words, (*free, "-"))
        else:
            for role in lacking:
                self._told.ask(f"column.{role}", f"Which column is the {role.replace('_', ' ')}?", free)

    def _unmapped(self, played: dict[str, str]) -> tuple[str, ...]:
        """Columns of numbers that play no role yet."""
        return tuple(
            name
            for name, one in self._seen.items()
            if name not in played.values() and one.column.filled and one.numbers.share > 0.9 and not one.may_be_date
        )

    def _discounted(self, played: dict[str, str], free: tuple[str, ...]) -> None:
        """Where the total is computed, a column of an unknown name may be a discount on it."""
        if "discount" in played or "column.discount" in self._told.answers:
            return
        may_be = [name for name in free if not called(name) and self._seen[name].numbers.decimal]
        if may_be:
            words = "Which column is a discount on the line? `-` where none is."
            self._told.ask("column.discount", words, (*may_be, "-"), "the total is computed, and its name is not known")

    def _region(self) -> str:
        answer = self._told.answer("region")
        if not answer:
            self._told.ask("region", "To which region are these sales reported?", (), "a file does not say it")
        return answer or "?"

    def _country(self, played: dict[str, str]) -> str:
        told = self._told
        if "country" in played:
            return ""
        answer = told.answer("country")
        if answer is None:
            told.ask("country", "In which country were these sold? `-` leaves it open.", (), "no column says it")
        return "" if answer in {None, "-"} else str(answer)

    def _dates(self, played: dict[str, str]) -> dict[str, Any]:
        told = self._told
        if "date" not in played:
            return {}
        profile = self._seen[played["date"]]
        number = self._sheet.columns.get(played.get("sale_id", ""))
        style = dates.decide(profile.column, profile.dates, self._sheet, told, number)
        found: dict[str, Any] = {"formats": list(style.formats), "language": style.language}
        timed = style.timed
        if style.timed or "time" not in played:
            played.pop("time", None)
        else:
            clock = self._sheet.columns[played["time"]]
            found["time_formats"] = list(clock_formats(clock))
            timed = True
            told.find("column.time", clock.name, "its cells are times, and the dates have none", LIKELY)
        return found | {"time_zone": self._zone(needed=timed and not style.offsets)}

    def _zone(self, *, needed: bool) -> str:
        zone = self._told.answer("time_zone")
        if not zone and needed:
            words = "In which time zone are the times, such as Europe/London?"
            self._told.ask("time_zone", words, (), "times say no zone")
        elif not zone:
            evidence = "days without times, or times with their offset, need no zone"
            self._told.find("time_zone", "UTC", evidence, LIKELY)
        return zone or "UTC"

    def _made_up(self, contract: dict[str, Any], names: tuple[str, ...]) -> None:
        """A sale that has no number is named by columns together, or by the content of its rows."""
        contract["columns"].pop("sale_id", None)
        if names:
            contract["identity"]["made_of"] = list(names)
        else:
            contract["columns"].pop("line_key", None)
            contract["identity"]["by_content"] = True


def _bare(contract: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty, so that a person reads what matters."""
    parts = {
        name: {key: value for key, value in part.items() if value not in ("", [], {})}
        if isinstance(part, dict)
        else part
        for name, part in contract.items()
    }
    return {name: part for name, part in parts.items() if part not in ("", [], {})}
