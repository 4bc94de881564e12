"""Holds that depend on the file and its contract only. The settlement checks those that depend on the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from tillstream.contracts import known_headers
from tillstream.domain.batch.holds import Hold, HoldCode
from tillstream.domain.batch.proposal import Proposal
from tillstream.domain.batch.record import Batch
from tillstream.domain.batch.staging_report import StagingReport
from tillstream.domain.contract.model import Contract
from tillstream.ports import Ports

ENCODING_CODES = frozenset({"undecodable-text", "mojibake"})
COLUMN_CODES = frozenset({"new-column", "renamed-column", "missing-column"})


@dataclass(frozen=True)
class HoldDecision:
    """Why a file is held, and the proposed next version of its contract that can read it."""

    holds: tuple[Hold, ...] = ()
    proposed: Proposal | None = None


@dataclass(frozen=True)
class FileContext:
    """The file to check: its record, its contract and all contracts."""

    ports: Ports
    upload: Batch
    contract: Contract
    contracts: tuple[Contract, ...] = ()

    def open(self) -> BinaryIO:
        return self.ports.objects.open(self.upload.bucket, self.upload.object, self.upload.generation)


def check_holds(file: FileContext, report: StagingReport) -> HoldDecision:
    """Return the holds of a staged file, without those that were confirmed."""
    upload, contract = file.upload, file.contract
    if not upload.is_file:
        return HoldDecision()
    too_many, truncated = too_many_rejected(upload, report, contract.refused_threshold), _truncated(upload, report)
    decision = _match_contracts(file) if not truncated and _is_unusual(report, contract) else HoldDecision()
    new_headers = known_headers.new_headers(file.ports, contract, report.columns)
    if HoldCode.OTHER_CONTRACT in {hold.code for hold in decision.holds}:
        new_headers = []
    if new_headers and HoldCode.COLUMNS not in upload.confirmed:
        decision = _with_new_columns(decision, contract, new_headers)
    holds = [hold for hold in (*decision.holds, truncated, too_many) if hold and hold.code not in upload.confirmed]
    return HoldDecision(tuple(holds), decision.proposed if holds else None)


def check_unreadable(file: FileContext) -> HoldDecision:
    """Return the holds of a file that lacks required columns: another contract fits it, or its source has changed."""
    return _match_contracts(file) if file.upload.is_file else HoldDecision()


def too_many_rejected(upload: Batch, report: StagingReport, threshold: float) -> Hold | None:
    if HoldCode.TOO_MANY_REJECTED in upload.confirmed or report.rows_refused <= threshold * report.rows:
        return None
    return Hold.of(HoldCode.TOO_MANY_REJECTED, value=str(report.rows_refused), detail=str(report.rows))


def _truncated(upload: Batch, report: StagingReport) -> Hold | None:
    return (
        Hold.of(HoldCode.TRUNCATED, detail=report.cut)
        if report.cut and HoldCode.TRUNCATED not in upload.confirmed
        else None
    )


def _is_unusual(report: StagingReport, contract: Contract) -> bool:
    """Return True if the file must be matched to all contracts, which is too slow for every file."""
    counts = {problem.code: problem.count for problem in report.problems}
    foreign_currencies = {amounts.currency for amounts in report.amounts or ()} - {contract.currency}
    return (
        report.rows_refused > contract.refused_threshold * report.rows
        or bool(ENCODING_CODES & counts.keys())
        or counts.get("unknown-store", 0) > report.rows / 2
        or bool(contract.currency and foreign_currencies)
    )


def _match_contracts(file: FileContext) -> HoldDecision:
    from tillstream.pipeline.matching.match_contract import (  # heavy, only needed here
        better_matches,
        contract_drift,
        sample_original,
    )

    sample = sample_original(file.open)
    if sample is None:
        return HoldDecision()
    matches, own_fit = better_matches(sample, file.contract, file.contracts)
    if matches:
        names = ", ".join(match.contract.name for match in matches)
        reasons = "; ".join((*own_fit.reasons, *own_fit.doubts) if not own_fit.fits else own_fit.doubts)
        return HoldDecision((Hold.of(HoldCode.OTHER_CONTRACT, value=names, detail=reasons),))
    if own_fit.doubts and own_fit.fits:
        return HoldDecision(
            (Hold.of(HoldCode.OTHER_CONTRACT, value="another source", detail="; ".join(own_fit.doubts)),)
        )
    changes = contract_drift(sample, file.contract, known_headers.earlier_headers(file.ports, file.contract))
    if changes is None:
        return HoldDecision()
    code = HoldCode.COLUMNS if changes.kinds & COLUMN_CODES else HoldCode.STYLE
    descriptions = [description[:1].upper() + description[1:] for description in changes.words]
    proposed = Proposal(changes.proposed.model_dump(mode="json"), tuple(descriptions))
    return HoldDecision((Hold.of(code, detail="; ".join(descriptions) + "."),), proposed)


def _with_new_columns(decision: HoldDecision, contract: Contract, new_headers: Sequence[str]) -> HoldDecision:
    """Add a hold for new columns; the next contract version lists their headers."""
    proposed = decision.proposed or Proposal(contract.model_dump(mode="json") | {"version": contract.version + 1})
    data = proposed.contract
    headers = dict.fromkeys((*contract.extra_columns, *new_headers))
    data = data | {"extra_columns": [name for name in headers if name not in data["columns"].values()]}
    changes = (*proposed.changes, *(f"{name}: listed and kept in extra" for name in new_headers))
    previous = "".join(f"{existing.message} " for existing in decision.holds if existing.code == HoldCode.COLUMNS)
    hold = Hold.of(HoldCode.COLUMNS, detail=previous + _describe_new(new_headers))
    return HoldDecision(
        (*(existing for existing in decision.holds if existing.code != HoldCode.COLUMNS), hold),
        Proposal(data, changes),
    )


def _describe_new(new: Sequence[str]) -> str:
    """Describe headers that are new to the contract."""
    listed = ", ".join(f"“{name}”" for name in new[:10]) + (f" and {len(new) - 10:,} more" if len(new) > 10 else "")
    return (
        f"New: {listed}. The contract does not map {'it' if len(new) == 1 else 'them'}; "
        f"{'its' if len(new) == 1 else 'their'} values would be kept in extra."
    )
