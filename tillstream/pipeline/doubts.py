"""What a person is asked about a file before it may count: by what stage found in it, not by the ledger."""

from dataclasses import dataclass, field
from typing import Any

from tillstream.domain.contract import Contract
from tillstream.domain.problems import CATALOGUE
from tillstream.domain.uploads import Hold, Upload
from tillstream.pipeline import known_columns
from tillstream.pipeline.staged import Account
from tillstream.ports import Ports

OF_FILES = frozenset({"upload", "replay"})
TOO_MANY, TRUNCATED, COLUMNS = "too-many-refused", "truncated-file", "columns-changed"


@dataclass(frozen=True)
class Doubts:
    """Why a file is held, and what next version of its contract would read it."""

    holds: tuple[Hold, ...] = ()
    proposed: dict[str, Any] = field(default_factory=dict)


def about(ports: Ports, upload: Upload, account: Account, contract: Contract) -> Doubts:
    """What a person must decide about a staged file; what was confirmed is not asked again."""
    if upload.kind not in OF_FILES:
        return Doubts()
    found = (too_many_refused(upload, account, contract.refused_threshold), truncated(upload, account))
    holds = [hold for hold in found if hold]
    proposed: dict[str, Any] = {}
    new = known_columns.new(ports, contract, account.columns)
    if new and COLUMNS not in upload.confirmed:
        holds.append(Hold(COLUMNS, CATALOGUE[COLUMNS].says(detail=in_words(new))))
        proposed = with_new_columns(contract, new)
    return Doubts(tuple(holds), proposed)


def too_many_refused(upload: Upload, account: Account, threshold: float) -> Hold | None:
    rows = account.rows_read - account.rows_blank - account.rows_ignored
    if TOO_MANY in upload.confirmed or account.rows_refused <= threshold * rows:
        return None
    return Hold(TOO_MANY, CATALOGUE[TOO_MANY].says(value=str(account.rows_refused), detail=str(rows)))


def truncated(upload: Upload, account: Account) -> Hold | None:
    if TRUNCATED in upload.confirmed or not account.cut:
        return None
    return Hold(TRUNCATED, CATALOGUE[TRUNCATED].says(detail=account.cut))


def in_words(new: list[str]) -> str:
    """Of headers that no file of the contract had."""
    named = ", ".join(f"“{name}”" for name in new[:10]) + (f" and {len(new) - 10:,} more" if len(new) > 10 else "")
    return f"New: {named}. Nothing reads {'it' if len(new) == 1 else 'them'}; what stands there would be kept in extra."


def with_new_columns(contract: Contract, new: list[str]) -> dict[str, Any]:
    """The next version of a contract, to which these headers are known."""
    known = dict.fromkeys((*contract.extra_columns, *new))
    nearest = contract.model_copy(update={"version": contract.version + 1, "extra_columns": tuple(known)})
    changes = [f"{name}: known, and kept in extra" for name in new]
    return {"contract": nearest.model_dump(mode="json"), "changes": changes}
