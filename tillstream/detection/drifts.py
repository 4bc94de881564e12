"""How a file differs from the contract of its source, and the contract's next version."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, BinaryIO, Literal

from tillstream.detection.columns.readable import Reader, readable, share
from tillstream.detection.columns.roles import NUMERIC, Profile
from tillstream.detection.evidence import Question, Told
from tillstream.detection.fits import same_letters
from tillstream.detection.propose import Looked, look
from tillstream.detection.values import currency, dates, numbers
from tillstream.detection.words.headers import called, plain
from tillstream.domain.contract.model import Contract, parse
from tillstream.domain.contract.values import needed_headers

Kind = Literal[
    "new-column", "renamed-column", "missing-column", "encoding", "delimiter", "number-style", "date-style", "new-word"
]
_ALIKE = 0.6
"""Names as similar as that may be one column's."""


@dataclass(frozen=True)
class Difference:
    kind: Kind
    column: str
    """Of a sale line, or of the file for a new column; empty for the whole file."""
    words: str
    """For a person: what was, what is, and what tells it."""
    lines: tuple[int, ...] = ()

    def plain(self) -> dict[str, Any]:
        return {"kind": self.kind, "column": self.column, "words": self.words, "lines": list(self.lines)}


@dataclass(frozen=True)
class Drift:
    """`proposed` reads the file as it is now: the next version of the contract; None where nothing has to change,
    where a question is open, or where the file cannot be the contract's at all."""

    differences: tuple[Difference, ...]
    proposed: Contract | None
    questions: tuple[Question, ...] = ()

    @property
    def matters(self) -> bool:
        """Whether the contract as it is cannot read the file, or would lose what is new in it."""
        return bool(self.differences)


def drift(
    source: BinaryIO | Looked,
    contract: Contract,
    *,
    header: Sequence[str] = (),
    answers: Mapping[str, str] | None = None,
    reader: Reader = readable,
) -> Drift:
    """What changed in a known source's file.

    header: the names of an earlier file's columns; without them a new column that is not mapped cannot be told from
    one that was always there. answers: by the keys of the questions of an earlier call.
    """
    told = Told(dict(answers or {}))
    looked = source if isinstance(source, Looked) else look(source)
    return _Drift(looked, contract, tuple(header), told, reader).run()


class _Drift:
    def __init__(self, looked: Looked, contract: Contract, header: tuple[str, ...], told: Told, reader: Reader) -> None:
        self._looked, self._sheet, self._contract = looked, looked.sheet, contract
        self._header, self._told, self._reader = header, told, reader
        self._differences: list[Difference] = []
        self._data: dict[str, Any] = contract.model_dump(mode="json")

    def run(self) -> Drift:
        self._bytes()
        self._columns()
        self._numbers()
        self._dates()
        self._words()
        used = (*self._data["columns"].values(), *self._contract.identity.made_of)
        lacking = [name for name in needed_headers(used, self._contract.made) if name not in self._sheet.columns]
        changed = self._data != self._contract.model_dump(mode="json")
        if lacking or self._told.questions or not changed:
            return Drift(tuple(self._differences), None, tuple(self._told.questions))
        self._data["version"] = self._contract.version + 1
        return Drift(tuple(self._differences), parse(self._data, self._contract.name))

    def _differ(self, kind: Kind, column: str, words: str, lines: tuple[int, ...] = ()) -> None:
        self._differences.append(Difference(kind, column, words, lines))

    def _bytes(self) -> None:
        file, style = self._looked.file, self._contract.file
        if file.get("encoding") and not same_letters(self._looked, style.encoding):
            self._differ("encoding", "", f"the letters were spelled in {style.encoding}, now in {file['encoding']}")
            self._data["file"]["encoding"] = file["encoding"]
        if file.get("delimiter") and len(self._sheet.names) > 1 and file["delimiter"] != style.delimiter:
            self._differ(
                "delimiter", "", f"the cells were separated by {style.delimiter!r}, now by {file['delimiter']!r}"
            )
            self._data["file"]["delimiter"] = file["delimiter"]

    def _columns(self) -> None:
        mapped = set(self._contract.headers)
        known = mapped | set(self._header)
        new = [name for name in self._sheet.names if name not in known]
        for role, name in self._contract.columns.items():
            if name in self._sheet.columns or name in self._contract.made:
                continue
            renamed = self._renamed(role, name, new)
            if renamed:
                new.remove(renamed)
                self._data["columns"][role] = renamed
                lines = self._sheet.columns[renamed].lines[:1]
                words = f"{name} is now called {renamed}, by its name and by its cells"
                self._differ("renamed-column", role, words, lines)
            else:
                self._differ("missing-column", role, f"{name} is not there any more")
        for name in self._contract.headers:
            if name not in {*self._contract.columns.values(), *self._sheet.columns}:
                self._differ("missing-column", name, f"{name} is not there any more")
        for name in new if self._header else ():
            meant = next((one.role for one in called(name) if one.role), "")
            words = f"{name} is new; its name means {meant.replace('_', ' ')}" if meant else f"{name} is new"
            self._differ("new-column", name, words)

    def _renamed(self, role: str, name: str, new: list[str]) -> str:
        """The one new column that can be it. Asks `column.ROLE` where several can."""
        said = self._told.answer(f"column.{role}")
        if said in new:
            return str(said)
        wanted = plain(name)
        alike: list[tuple[float, str]] = []
        for other in new:
            if not Profile(self._sheet.columns[other]).can_be(role):
                continue
            near = SequenceMatcher(None, wanted, plain(other)).ratio()
            meant = any(one.role in {role, "amount"} & _alike(role) for one in called(other))
            if meant or near >= _ALIKE:
                alike.append((near + meant, other))
        alike.sort(reverse=True)
        if len(alike) > 1 and alike[0][0] - alike[1][0] < 0.2:
            choices = tuple(other for _, other in alike)
            self._told.ask(f"column.{role}", f"{name} is gone. Which column is it now?", choices)
            return ""
        return alike[0][1] if alike else ""

    def _bad(self, roles: Iterable[str]) -> list[tuple[str, str]]:
        """(role, a cell) of the columns of which too much cannot be read."""
        found = []
        for role in roles:
            name = self._data["columns"].get(role)
            if name in self._sheet.columns:
                good, cell = share(self._contract, role, self._sheet.columns[name], self._reader)
                if good < 1 - self._contract.refused_threshold:
                    found.append((role, cell))
        return found

    def _numbers(self) -> None:
        roles = [role for role in sorted(NUMERIC) if self._data["columns"].get(role) in self._sheet.columns]
        bad = self._bad(roles)
        if not bad:
            return
        columns = [self._sheet.columns[self._data["columns"][role]] for role in roles]
        seen = [(column, numbers.look(column)) for column in columns]
        style = numbers.decide(seen, self._told)
        signs = [*self._data["numbers"]["currency_signs"]]
        signs += [sign for sign in currency.signs(seen) if sign not in signs]
        self._data["numbers"] |= {"decimal": style.decimal, "thousands": style.thousands, "currency_signs": signs}
        self._tell("number-style", bad)

    def _dates(self) -> None:
        bad = self._bad(["date"])
        if not bad:
            return
        column = self._sheet.columns[self._data["columns"]["date"]]
        number = self._sheet.columns.get(self._data["columns"].get("sale_id", ""))
        style = dates.decide(column, dates.look(column), self._sheet, self._told, number)
        if style.formats:
            self._data["dates"]["formats"] = list(style.formats)
            self._tell("date-style", bad)

    def _tell(self, kind: Kind, bad: list[tuple[str, str]]) -> None:
        for role, cell in bad:
            name = self._data["columns"][role]
            words = f"{name} is written another way, as in “{cell}”"
            self._differ(kind, role, words, self._sheet.columns[name].line_of(cell))

    def _words(self) -> None:
        """New words of the status, whose meaning is asked."""
        name = self._data["columns"].get("status")
        if name not in self._sheet.columns:
            return
        known = {word.strip().casefold() for word in self._contract.status.words} | set(self._contract.missing)
        for word in self._sheet.columns[name].words:
            if word.casefold() not in known:
                said = self._told.answer(f"status.{word}")
                self._differ(
                    "new-word", "status", f"“{word}” in {name} is new", self._sheet.columns[name].line_of(word)
                )
                if said:
                    self._data["status"]["words"][word] = said
                else:
                    choices = ("completed", "pending", "cancelled", "returned")
                    column = self._sheet.columns[name]
                    count = column.words[word]
                    seen = f"{count:,} of the rows looked at {'has' if count == 1 else 'have'} it"
                    words = f"What does “{word}” in {name} mean?"
                    self._told.ask(f"status.{word}", words, choices, seen, column.line_of(word))


def _alike(role: str) -> set[str]:
    """A total may be called net, gross, or neither."""
    return {role, "amount"} if role in {"net_amount", "gross_amount"} else {role}
