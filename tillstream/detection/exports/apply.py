"""Use what is known about an export as the default answers; those of a person take precedence."""

from collections.abc import Iterator, Mapping, Sequence

from tillstream.detection.columns.roles import NUMERIC, Profile
from tillstream.detection.evidence import LIKELY, NO_COLUMN, DetectionLog
from tillstream.detection.exports.catalogue import NOT_READ, ProgramExport, header_key
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.words.headers import plain
from tillstream.domain.contract.model import MAPPED


def answer(export: ProgramExport, sheet: Sheet, log: DetectionLog) -> None:
    """Add the default answers to the log, with the evidence of the export."""
    log.add_finding("source", export.name, export.evidence, LIKELY)
    columns = _columns(export, sheet, log)
    defaults = dict(export.answers) | {f"column.{role}": name for role, name in columns.items()}
    names = (log.answers.get("column.status") or columns.get("status", ""), *also_status(export, sheet))
    for status in filter(None, map(sheet.columns.get, names)):
        defaults |= dict(_word_answers(export, status, sheet))
    defaults |= {f"subtract.{name}": "yes" for name in refunds(export, sheet)}
    log.assume(defaults, export.evidence)


def fill_down(export: ProgramExport, sheet: Sheet) -> tuple[tuple[str, ...], str]:
    """The headers of the file whose empty cells mean the row above, and the header within which they do."""
    within = next(iter(_present(export.fill_down_within, sheet)), "")
    return tuple(name for name in _present(export.fill_down, sheet) if name != within), within


def also_status(export: ProgramExport, sheet: Sheet) -> tuple[str, ...]:
    """The headers of the file that decide with the status."""
    return tuple(_present(export.also_status, sheet))


def ignore_where(export: ProgramExport, sheet: Sheet) -> dict[str, tuple[str, ...]]:
    """The headers of the file with the cells of rows that are not sales; a column with no other cells has none."""
    return {
        name: tuple(words)
        for header, words in export.ignore_where.items()
        for name in _present([header], sheet)
        if not {cell.casefold() for cell in sheet.columns[name].cells} <= {word.casefold() for word in words}
    }


def amount_settings(export: ProgramExport | None, roles: Mapping[str, str]) -> dict[str, object] | None:
    """Settings of the contract's `amounts`, as far as the columns are mapped; None without an export."""
    if export is None:
        return None
    settings: dict[str, object] = {}
    if export.less_discount and "discount" in roles and {"net_amount", "gross_amount"} & roles.keys():
        settings["less_discount"] = True
    if factors := {role: factor for role, factor in export.factors.items() if role in roles}:
        settings["factors"] = factors
    return settings


def parts(export: ProgramExport | None, sheet: Sheet) -> list[str]:
    """The headers of the file that may be subtracted from the total."""
    return _present(export.parts, sheet) if export else []


def refunds(export: ProgramExport | None, sheet: Sheet) -> dict[str, str]:
    """The headers of refunds in the file, each with that of the total with tax that they are a part of."""
    pairs = [_present(pair, sheet) for pair in (export.refunded.items() if export else ())]
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2 and all(sheet.columns[name].filled for name in pair)}


def order_discounts(export: ProgramExport | None, sheet: Sheet) -> frozenset[str]:
    """The headers of discounts of orders in the file, and of the totals of the orders after them."""
    pairs = export.order_discount.items() if export else ()
    return frozenset(name for pair in pairs for name in _present(pair, sheet) if sheet.columns[name].filled)


def _columns(export: ProgramExport, sheet: Sheet, log: DetectionLog) -> dict[str, str]:
    """Role → header, or `-` for a role without a column."""
    answered = {name for key, name in log.answers.items() if key.startswith("column.")}
    roles = dict.fromkeys((*sorted(MAPPED), *NOT_READ), NO_COLUMN)
    for role, headers in export.columns.items():
        present = [name for name in _present(headers, sheet) if name not in answered]
        readable = [name for name in present if sheet.columns[name].filled and _fits(role, sheet.columns[name])]
        if readable:
            roles[role] = readable[0]
        elif any(sheet.columns[name].filled for name in present):
            del roles[role]  # its cells are not what they should be, so detection decides
    return roles


def _fits(role: str, column: Column) -> bool:
    return role not in NUMERIC | {"date"} or Profile(column).can_be(role)


def _word_answers(export: ProgramExport, column: Column, sheet: Sheet) -> Iterator[tuple[str, str]]:
    words = {**export.status, **(export.status_with_refunds if refunds(export, sheet) else {})}
    meanings = {plain(word): meaning for word, meaning in words.items()}
    for word in column.words:
        if meaning := meanings.get(plain(word)):
            yield f"status.{word}", meaning


def _present(headers: Sequence[str], sheet: Sheet) -> list[str]:
    """The names of these headers in the file, in the order given."""
    names = {header_key(name): name for name in reversed(sheet.names)}
    return [names[header_key(header)] for header in headers if header_key(header) in names]
