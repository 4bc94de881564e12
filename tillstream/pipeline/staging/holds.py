"""Holds that depend on the file and its contract only, and the contracts that repair them."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from tillstream.contracts import registry
from tillstream.model.batch import Batch, BatchKind, ContractProposal, Hold, HoldCode, StagingReport
from tillstream.model.contract import Contract
from tillstream.model.document_json import JsonObject
from tillstream.model.object_names import LOADED_FOLDER
from tillstream.model.text import upper_first
from tillstream.pipeline.normalising.source_columns import missing_columns
from tillstream.pipeline.reading.open_reader import open_workbook, read_options, sheet_names
from tillstream.pipeline.reading.read_options import MOSTLY_IRREGULAR, UnreadableFile
from tillstream.pipeline.staging.write_rows import MAX_UNKNOWN_SHARE, describe_unknown_words, unknown_share
from tillstream.pipeline.validating.price_scale import minor_unit_columns
from tillstream.pipeline.validating.sold_before import hold_foreign_sales, sold_before
from tillstream.ports import Ports
from tillstream.records import batch_originals, batch_records

OpenOriginal = Callable[[], BinaryIO]

MISMATCH_CODES = frozenset({"missing-columns", MOSTLY_IRREGULAR})
"""Rejections of files that another contract, or the next version of their own, can possibly read."""
ENCODING_CODES = frozenset({"undecodable-text", "mojibake"})
AMBIGUOUS_CODES = frozenset({"ambiguous-date", "ambiguous-number"})
COLUMN_CODES = frozenset({"new-column", "renamed-column", "missing-column"})


def hold_other_sheets(open_original: OpenOriginal, contract: Contract) -> Hold | None:
    """Return a hold if other sheets than the first have rows below the contract's headers, and it names no sheet."""
    if contract.file.sheet or contract.file.header:
        return None
    first, *others = sheet_names(open_original) or [""]
    others = [label for name in others if (label := _sheet_label(open_original, contract, name))]
    if not others:
        return None
    from tillstream.pipeline.reading.workbooks.sheet_reader import quote_sheet_names  # only needed here

    return Hold.from_code(HoldCode.OTHER_SHEETS, value=quote_sheet_names([first]), detail=", ".join(others))


def _sheet_label(open_original: OpenOriginal, contract: Contract, sheet: str) -> str:
    """The name of a sheet that the contract can read, for users; empty if it has no rows for it."""
    options = read_options(contract)
    options = replace(options, style=options.style.model_copy(update={"sheet": sheet}))
    try:
        with open_workbook(open_original, options) as reader:
            fits = not missing_columns(reader.header(), contract) and next(reader.blocks()).cells.num_rows > 0
            return f"“{sheet}”{' (hidden)' if reader.is_hidden else ''}" if fits else ""
    except UnreadableFile:
        return ""


def suspected_holds(report: StagingReport) -> list[Hold]:
    doubts = (
        (HoldCode.DATES, report.date_doubt),
        (HoldCode.MINOR_UNITS, report.scale_doubt),
        (HoldCode.TOTAL_ROW, report.total_doubt),
        (HoldCode.OTHER_TABLE, report.table_doubt),
        (HoldCode.REPEATED_ROWS, report.repeats_doubt),
    )
    return [Hold.from_code(code, detail=upper_first(words)) for code, words in doubts if words]


def propose_repair(contract: Contract, report: StagingReport, codes: Collection[HoldCode]) -> ContractProposal | None:
    """Return the next version of the contract, which repairs what the holds suspect; None if no contract can."""
    data = contract.model_dump(mode="json") | {"version": contract.version + 1}
    changes = []
    if HoldCode.DATES in codes and report.date_repair == "date-cells":
        data["dates"] = data["dates"] | {"half_converted": "swap"}
        changes.append("In files with half-converted dates, day and month of the date cells are swapped back")
    elif HoldCode.DATES in codes and report.date_repair == "formats":
        changes.append(_swap_in_formats(data, "m", "month"))
    elif HoldCode.DATES in codes and report.date_repair == "years":
        changes.append(_swap_in_formats(data, "y", "year"))
    if HoldCode.MINOR_UNITS in codes:
        columns = minor_unit_columns(contract)
        data["amounts"] = data["amounts"] | {"minor_units": list(columns)}
        changes.append(f"Amounts in {', '.join(columns)} are in the minor unit of their currency, such as cents")
    return ContractProposal(data, tuple(changes)) if changes else None


def _swap_in_formats(data: JsonObject, letter: str, part: str) -> str:
    """Swap the day and another part in the date formats of a contract's data; return the change."""
    other = {"%d": f"%{letter}", f"%{letter}": "%d"}
    formats = [re.sub(f"%[d{letter}]", lambda match: other[match[0]], text) for text in data["dates"]["formats"]]
    data["dates"] = data["dates"] | {"formats": formats}
    return f"Dates are read as {', '.join(formats)}, with day and {part} swapped"


@dataclass(frozen=True)
class HoldDecision:
    """Why a file is held, and the proposed next version of its contract that can read it."""

    holds: tuple[Hold, ...] = ()
    proposed: ContractProposal | None = None


@dataclass(frozen=True)
class FileContext:
    """The file to check: its record, its contract and all contracts."""

    ports: Ports
    upload: Batch
    contract: Contract
    contracts: tuple[Contract, ...] = ()

    def open(self) -> BinaryIO:
        return batch_originals.open_original(self.ports, self.upload)


def check_holds(file: FileContext, report: StagingReport) -> HoldDecision:
    """Return the holds of a staged file, without those that were confirmed."""
    upload, contract = file.upload, file.contract
    if not upload.is_file:
        return HoldDecision()
    too_many, truncated = too_many_rejected(upload, report, contract.refused_threshold), _truncated(upload, report)
    foreign = _foreign_sales(file, report)
    decision = _another_reading(file, report, foreign, is_truncated=truncated is not None)
    new_headers = registry.new_headers(file.ports, contract, report.columns)
    if HoldCode.OTHER_CONTRACT in {hold.code for hold in decision.holds}:
        new_headers, foreign = [], None
    if new_headers and HoldCode.COLUMNS not in upload.confirmed:
        decision = _with_new_columns(decision, contract, new_headers)
    suspected = [hold for hold in suspected_holds(report) if hold.code not in upload.confirmed]
    proposed = decision.proposed or propose_repair(contract, report, {hold.code for hold in suspected})
    others = (
        foreign,
        truncated,
        too_many,
        _unknown_words(contract, report),
        _unusual_years(report),
        _other_sheets(file),
    )
    candidates = (*decision.holds, *suspected, *others, _first_load(file, report))
    holds = [hold for hold in candidates if hold and hold.code not in upload.confirmed]
    return HoldDecision(tuple(holds), proposed if holds else None)


def _another_reading(
    file: FileContext, report: StagingReport, foreign: Hold | None, *, is_truncated: bool
) -> HoldDecision:
    """Another contract for the file, or else its letters as UTF-8, or else another format of its numbers or dates."""
    decision = HoldDecision()
    if not is_truncated and (foreign or _is_unusual(report, file.contract) or _has_another_encoding(file, report)):
        decision = _match_contracts(file, has_foreign_sales=foreign is not None)
    if not decision.holds and report.letters == "utf-8":
        decision = _as_utf8(file.contract)
    if not decision.holds and (columns := [one.column for one in report.problems if one.code in AMBIGUOUS_CODES]):
        decision = _with_mixed_formats(file, [column for column in columns if column])
    return decision


def check_unreadable(file: FileContext) -> HoldDecision:
    """Return the holds of a file that its contract cannot read: another contract fits it, or its source has changed."""
    return _match_contracts(file) if file.upload.is_file else HoldDecision()


def too_many_rejected(upload: Batch, report: StagingReport, threshold: float) -> Hold | None:
    if HoldCode.TOO_MANY_REJECTED in upload.confirmed or report.rows_refused <= threshold * report.rows:
        return None
    return Hold.from_code(HoldCode.TOO_MANY_REJECTED, value=str(report.rows_refused), detail=str(report.rows))


def _unknown_words(contract: Contract, report: StagingReport) -> Hold | None:
    """Hold a file with too many unknown status words, however many rejected rows the contract allows."""
    if max(unknown_share(report)) <= MAX_UNKNOWN_SHARE:
        return None
    return Hold.from_code(
        HoldCode.UNKNOWN_WORDS, detail=describe_unknown_words(report, contract.columns.get("status", "status"))
    )


def _unusual_years(report: StagingReport) -> Hold | None:
    """Hold a file with dates of long ago or in the future in most rows, unless day and year are suspected already."""
    accepted = report.rows - report.rows_refused
    for code, problem in ((HoldCode.OLD_DATES, "old-date"), (HoldCode.FUTURE_DATES, "future-date")):
        count = sum(one.count for one in report.problems if one.code == problem)
        if 2 * count > accepted and report.date_repair != "years":
            return Hold.from_code(code, value=str(count), detail=str(accepted))
    return None


def _other_sheets(file: FileContext) -> Hold | None:
    if HoldCode.OTHER_SHEETS in file.upload.confirmed:
        return None
    return hold_other_sheets(file.open, file.contract)


def _first_load(file: FileContext, report: StagingReport) -> Hold | None:
    """Hold an unattended file of a new contract with its figures. A person who sends a file has chosen its contract."""
    upload = file.upload
    if (
        not batch_records.is_unattended(upload)
        or upload.object.startswith(f"{LOADED_FOLDER}/")
        or HoldCode.FIRST_LOAD in upload.confirmed
    ):
        return None
    if not registry.needs_confirmation(file.ports, file.contract):
        return None
    from tillstream.pipeline.staging.figures import staged_figures  # heavy, only needed here

    figures = staged_figures(file.ports.objects, report, file.open, file.contract, file=file.upload.file)
    return Hold.from_code(HoldCode.FIRST_LOAD, value=file.contract.name, detail=f"{'. '.join(figures.sentences())}.")


def _truncated(upload: Batch, report: StagingReport) -> Hold | None:
    return (
        Hold.from_code(HoldCode.TRUNCATED, detail=report.cut)
        if report.cut and HoldCode.TRUNCATED not in upload.confirmed
        else None
    )


def _is_unusual(report: StagingReport, contract: Contract) -> bool:
    """Return True if the file must be matched to all contracts, which is too slow for every file."""
    counts = {problem.code: problem.count for problem in report.problems}
    return (
        report.rows_refused > contract.refused_threshold * report.rows
        or bool(ENCODING_CODES & counts.keys())
        or counts.get("unknown-store", 0) > report.rows / 2
    )


def _has_another_encoding(file: FileContext, report: StagingReport) -> bool:
    """Return True if the letters beyond ASCII show that the file is not in the encoding of its contract."""
    if report.letters != "other":
        return report.letters == "utf-8"
    from tillstream.pipeline.matching.match_contract import sample_original, shows_another_encoding  # on demand

    sample = sample_original(file.open, file.contract.file.sheet)
    return sample is not None and shows_another_encoding(sample, file.contract.file.encoding)


def _with_mixed_formats(file: FileContext, columns: Sequence[str]) -> HoldDecision:
    """Hold a file with cells that two formats of the contract read differently, with the number of cells of each."""
    from tillstream.pipeline.matching.match_contract import sample_original  # on demand
    from tillstream.pipeline.matching.readability import describe_mixed_formats

    sample = sample_original(file.open, file.contract.file.sheet)
    words = describe_mixed_formats(sample, file.contract, columns) if sample else ""
    return HoldDecision((Hold.from_code(HoldCode.STYLE, detail=words),)) if words else HoldDecision()


def _as_utf8(contract: Contract) -> HoldDecision:
    """Hold a file whose letters are UTF-8, and propose to read the source's files as UTF-8 from now on."""
    description = f"The encoding was {contract.file.encoding}, and all letters of this file are UTF-8"
    data = contract.model_dump(mode="json") | {"version": contract.version + 1}
    data["file"] = data["file"] | {"encoding": "utf-8"}
    return HoldDecision(
        (Hold.from_code(HoldCode.STYLE, detail=f"{description}."),), ContractProposal(data, (description,))
    )


def _foreign_sales(file: FileContext, report: StagingReport) -> Hold | None:
    if HoldCode.FOREIGN_SALES in file.upload.confirmed or file.upload.kind is BatchKind.CORRECTION:
        return None
    return hold_foreign_sales(file.contract, report, sold_before(file.ports.warehouse, file.contract.region))


def _match_contracts(file: FileContext, *, has_foreign_sales: bool = False) -> HoldDecision:
    """Hold a file that another contract fits, or its own after a change.

    has_foreign_sales: whether there is a better question than that the file may be one of an unknown source.
    """
    from tillstream.pipeline.matching.match_contract import (  # heavy, only needed here
        better_matches,
        contract_drift,
        sample_original,
    )

    sample = sample_original(file.open, file.contract.file.sheet)
    if sample is None:
        return HoldDecision()
    matches, own_fit = better_matches(sample, file.contract, file.contracts)
    if matches:
        names = ", ".join(match.contract.name for match in matches)
        reasons = "; ".join((*own_fit.reasons, *own_fit.doubts) if not own_fit.fits else own_fit.doubts)
        return HoldDecision((Hold.from_code(HoldCode.OTHER_CONTRACT, value=names, detail=reasons),))
    if own_fit.doubts and own_fit.fits:
        doubt = Hold.from_code(HoldCode.OTHER_CONTRACT, value="another source", detail="; ".join(own_fit.doubts))
        return HoldDecision(() if has_foreign_sales else (doubt,))
    changes = contract_drift(sample, file.contract, registry.earlier_headers(file.ports, file.contract))
    if changes is None:
        return HoldDecision()
    code = HoldCode.COLUMNS if changes.kinds & COLUMN_CODES else HoldCode.STYLE
    descriptions = [upper_first(description) for description in changes.words]
    proposed = ContractProposal(changes.proposed.model_dump(mode="json"), tuple(descriptions))
    return HoldDecision((Hold.from_code(code, detail="; ".join(descriptions) + "."),), proposed)


def _with_new_columns(decision: HoldDecision, contract: Contract, new_headers: Sequence[str]) -> HoldDecision:
    """Add a hold for new columns; the next contract version lists their headers."""
    proposed = decision.proposed or ContractProposal(
        contract.model_dump(mode="json") | {"version": contract.version + 1}
    )
    data = proposed.contract
    headers = dict.fromkeys((*contract.extra_columns, *new_headers))
    data = data | {"extra_columns": [name for name in headers if name not in data["columns"].values()]}
    changes = (*proposed.changes, *(f"{name}: listed and kept in extra" for name in new_headers))
    previous = "".join(f"{existing.message} " for existing in decision.holds if existing.code == HoldCode.COLUMNS)
    hold = Hold.from_code(HoldCode.COLUMNS, detail=previous + _describe_new(new_headers))
    return HoldDecision(
        (*(existing for existing in decision.holds if existing.code != HoldCode.COLUMNS), hold),
        ContractProposal(data, changes),
    )


def _describe_new(new: Sequence[str]) -> str:
    """Describe headers that are new to the contract."""
    listed = ", ".join(f"“{name}”" for name in new[:10]) + (f" and {len(new) - 10:,} more" if len(new) > 10 else "")
    return (
        f"New: {listed}. The data source does not map {'it' if len(new) == 1 else 'them'}; "
        f"{'its' if len(new) == 1 else 'their'} values would be kept in extra."
    )
