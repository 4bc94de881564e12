"""Holds of files whose dates or amounts contradict other evidence, and the contracts that repair them."""

import re
from collections.abc import Collection

from tillstream.domain.batch.holds import Hold, HoldCode
from tillstream.domain.batch.proposal import Proposal
from tillstream.domain.batch.staging_report import StagingReport
from tillstream.domain.contract.model import Contract
from tillstream.pipeline.validating.price_scale import minor_unit_columns


def suspected_holds(report: StagingReport) -> list[Hold]:
    doubts = (
        (HoldCode.DATES, report.date_doubt),
        (HoldCode.MINOR_UNITS, report.scale_doubt),
        (HoldCode.TOTAL_ROW, report.total_doubt),
        (HoldCode.OTHER_TABLE, report.table_doubt),
        (HoldCode.REPEATED_ROWS, report.repeats_doubt),
    )
    return [Hold.of(code, detail=upper_first(words)) for code, words in doubts if words]


def propose_repair(contract: Contract, report: StagingReport, codes: Collection[HoldCode]) -> Proposal | None:
    """Return the next version of the contract, which repairs what the holds suspect; None if no contract can."""
    data = contract.model_dump(mode="json") | {"version": contract.version + 1}
    changes = []
    if HoldCode.DATES in codes and report.date_repair == "date-cells":
        data["dates"] = data["dates"] | {"half_converted": "swap"}
        changes.append("In files with half-converted dates, day and month of the date cells are swapped back")
    elif HoldCode.DATES in codes and report.date_repair == "formats":
        formats = [_swap_letters(text) for text in contract.dates.formats]
        data["dates"] = data["dates"] | {"formats": formats}
        changes.append(f"Dates are read as {', '.join(formats)}, with day and month swapped")
    if HoldCode.MINOR_UNITS in codes:
        columns = minor_unit_columns(contract)
        data["amounts"] = data["amounts"] | {"minor_units": list(columns)}
        changes.append(f"Amounts in {', '.join(columns)} are in the minor unit of their currency, such as cents")
    return Proposal(data, tuple(changes)) if changes else None


def upper_first(words: str) -> str:
    return words[:1].upper() + words[1:]


def _swap_letters(format: str) -> str:
    """Swap day and month of a date format."""
    return re.sub("%[dm]", lambda directive: "%m" if directive[0] == "%d" else "%d", format)
