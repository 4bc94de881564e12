"""The mapping of a file: each of its columns with its cells, what it becomes, and the reasons for that."""

from collections.abc import Iterable
from dataclasses import dataclass

from portal.uploads import preview_texts
from tillstream.detection.columns.column_uses import ColumnUse
from tillstream.detection.evidence import DetectionFinding
from tillstream.review.file_preview import FilePreview, PreviewCell, PreviewColumn
from tillstream.review.question_examples import column_of_finding
from tillstream.review.questionnaire import Questionnaire

ROWS, SHOWN = 12, 3
"""Rows that are read for the cells of a column, and the number of different cells that are shown."""


@dataclass(frozen=True)
class CellSample:
    """A cell of the file, and the text of its typed value; empty for a column that is not used."""

    raw: str
    value: str
    messages: tuple[str, ...] = ()
    """What is wrong with it; only of the first such cell of a column."""
    is_wrong: bool = False


@dataclass(frozen=True)
class MappingReason:
    about: str
    value: str
    evidence: str
    sure: str
    lines: tuple[int, ...]


@dataclass(frozen=True)
class MappedColumn:
    """One column of the file."""

    header: str
    role: str
    """Column of a sale line that it becomes; empty if it is not used."""
    use: str
    """How it is used, in words."""
    samples: tuple[CellSample, ...]
    reasons: tuple[MappingReason, ...]

    @property
    def sure(self) -> str:
        """The lowest certainty of its reasons; empty without reasons."""
        sure = {one.sure for one in self.reasons}
        return next((one for one in preview_texts.SURE if one in sure), "")


@dataclass(frozen=True)
class FileMapping:
    columns: tuple[MappedColumn, ...]
    added: tuple[tuple[str, tuple[str, ...]], ...]
    """Values that come from no column: name and different values."""
    reasons: tuple[MappingReason, ...]
    """Reasons that concern the whole file."""


def mapping_of(onboarding: Questionnaire, rows: FilePreview | None) -> FileMapping:
    """The mapping so far. rows: first rows as they are read, if they can be."""
    sheet, roles = onboarding.sample.sheet, mapped_columns(onboarding)
    role_of = {header: role for role, header in roles.items()}
    uses = {one.name: one for one in onboarding.columns}
    cells = {one.header: one for one in reversed(rows.columns)} if rows else {}
    reasons: dict[str, list[MappingReason]] = {}
    for finding in onboarding.findings:
        reasons.setdefault(column_of_finding(finding, roles, sheet), []).append(_reason(finding))
    columns = tuple(
        MappedColumn(
            header,
            role_of.get(header, ""),
            _use(uses.get(header), role_of.get(header, "")),
            _samples(cells.get(header), tuple(sheet.columns[header].words)),
            tuple(reasons.get(header, ())),
        )
        for header in sheet.columns
    )
    return FileMapping(columns, _added(rows), tuple(reasons.get("", ())))


def of_contract(rows: FilePreview) -> FileMapping:
    """The mapping of a file by an existing contract."""
    by_header = {one.header: one for one in reversed(rows.columns) if one.header}
    order = dict.fromkeys(one.header for one in rows.columns if one.header)
    columns = tuple(
        MappedColumn(
            header, by_header[header].role, _use(None, by_header[header].becomes), _samples(by_header[header], ()), ()
        )
        for header in order
    )
    return FileMapping(columns, _added(rows), ())


def mapped_columns(onboarding: Questionnaire) -> dict[str, str]:
    """Column of a sale line → header, as mapped so far."""
    columns = onboarding.draft.get("columns")
    return dict(columns) if isinstance(columns, dict) else {}


def _use(use: ColumnUse | None, role: str) -> str:
    if use:
        return preview_texts.column_use(use)
    return preview_texts.becomes(role) if role else preview_texts.UNUSED["extra"]


def _reason(finding: DetectionFinding) -> MappingReason:
    return MappingReason(
        preview_texts.about(finding),
        preview_texts.value(finding),
        finding.evidence,
        preview_texts.sure(finding),
        finding.lines[:4],
    )


def _samples(column: PreviewColumn | None, words: tuple[str, ...]) -> tuple[CellSample, ...]:
    """The first different cells that are not empty, and the first that is wrong."""
    if column is None:
        return tuple(CellSample(word, "") for word in words[:SHOWN])
    cells: dict[str, PreviewCell] = {}
    for cell in column.cells:
        if cell.raw or cell.wrong:
            cells.setdefault(cell.raw, cell)
    shown = list(cells.values())[:SHOWN]
    wrong = next((one for one in cells.values() if one.wrong), None)
    if wrong and not any(one.wrong for one in shown):
        shown[-1] = wrong
    explained = next((one for one in shown if one.wrong), None)
    return tuple(
        CellSample(
            one.raw,
            preview_texts.shown(one.value, column.becomes) if column.becomes else "",
            one.wrong if one is explained else (),
            bool(one.wrong),
        )
        for one in shown
    )


def _added(rows: FilePreview | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    others: Iterable[PreviewColumn] = (one for one in rows.columns if not one.header) if rows else ()
    return tuple(
        (
            preview_texts.becomes(one.becomes),
            tuple(dict.fromkeys(preview_texts.shown(cell.value, one.becomes) for cell in one.cells))[:SHOWN],
        )
        for one in others
    )
