"""Holds of files whose dates or amounts contradict other evidence, and the contracts that repair them."""

import re
from collections.abc import Collection
from typing import Any

from tillstream.domain.batch.holds import Hold, HoldCode
from tillstream.domain.batch.proposal import Proposal
from tillstream.domain.batch.staging_report import StagingReport
from tillstream.domain.contract.model import Contract
from tillstream.domain.text.sentences import upper_first
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
        changes.append(_swap_in_formats(data, "m", "month"))
    elif HoldCode.DATES in codes and report.date_repair == "years":
        changes.append(_swap_in_formats(data, "y", "year"))
    if HoldCode.MINOR_UNITS in codes:
        columns = minor_unit_columns(contract)
        data["amounts"] = data["amounts"] | {"minor_units": list(columns)}
        changes.append(f"Amounts in {', '.join(columns)} are in the minor unit of their currency, such as cents")
    return Proposal(data, tuple(changes)) if changes else None


def _swap_in_formats(data: dict[str, Any], letter: str, part: str) -> str:
    """Swap the day and another part in the date formats of a contract's data; return the change."""
    other = {"%d": f"%{letter}", f"%{letter}": "%d"}
    formats = [re.sub(f"%[d{letter}]", lambda match: other[match[0]], text) for text in data["dates"]["formats"]]
    data["dates"] = data["dates"] | {"formats": formats}
    return f"Dates are read as {', '.join(formats)}, with day and {part} swapped"
