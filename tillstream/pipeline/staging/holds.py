"""What a person is asked about a file before it may count: by what stage found in it, not by the ledger."""

from dataclasses import dataclass, field
from typing import Any, BinaryIO

from tillstream.contracts import known_headers
from tillstream.domain.batch import Hold, Upload
from tillstream.domain.contract.model import Contract
from tillstream.domain.problems import CATALOGUE
from tillstream.pipeline.staging.writer import Account
from tillstream.ports import Ports

OF_FILES = frozenset({"upload", "replay"})
TOO_MANY, TRUNCATED, COLUMNS, STYLE = "too-many-refused", "truncated-file", "columns-changed", "style-changed"
ANOTHER = "looks-like-another-region"
OF_LETTERS = frozenset({"undecodable-text", "mojibake"})
OF_COLUMNS = frozenset({"new-column", "renamed-column", "missing-column"})


@dataclass(frozen=True)
class Doubts:
    """Why a file is held, and what next version of its contract would read it."""

    holds: tuple[Hold, ...] = ()
    proposed: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class File:
    """The file that is doubted: its record, its contract, all known contracts."""

    ports: Ports
    upload: Upload
    contract: Contract
    known: tuple[Contract, ...] = ()

    def open(self) -> BinaryIO:
        return self.ports.objects.open(self.upload.bucket, self.upload.object, self.upload.generation)


def about(file: File, account: Account) -> Doubts:
    """What a person must decide about a staged file; what was confirmed is not asked again."""
    upload, contract = file.upload, file.contract
    if upload.kind not in OF_FILES:
        return Doubts()
    refused, cut = too_many_refused(upload, account, contract.refused_threshold), _truncated(upload, account)
    doubted = _strange(file) if not cut and _is_strange(account, contract) else Doubts()
    new = known_headers.new(file.ports, contract, account.columns)
    if ANOTHER in {hold.code for hold in doubted.holds}:
        new = []
    if new and COLUMNS not in upload.confirmed:
        doubted = _with_new_columns(doubted, contract, new)
    holds = [hold for hold in (*doubted.holds, cut, refused) if hold and hold.code not in upload.confirmed]
    return Doubts(tuple(holds), doubted.proposed if holds else {})


def about_unreadable(file: File) -> Doubts:
    """Of a file that lacks columns of its contract: whose else it may be, or what its source changed."""
    return _strange(file) if file.upload.kind in OF_FILES else Doubts()


def too_many_refused(upload: Upload, account: Account, threshold: float) -> Hold | None:
    rows = _rows(account)
    if TOO_MANY in upload.confirmed or account.rows_refused <= threshold * rows:
        return None
    return _hold(TOO_MANY, value=str(account.rows_refused), detail=str(rows))


def _truncated(upload: Upload, account: Account) -> Hold | None:
    return _hold(TRUNCATED, detail=account.cut) if account.cut and TRUNCATED not in upload.confirmed else None


def _rows(account: Account) -> int:
    return account.rows_read - account.rows_blank - account.rows_ignored


def _is_strange(account: Account, contract: Contract) -> bool:
    """Whether it is worth a second look; a file as it always was is not."""
    rows = _rows(account)
    found = {problem["code"]: problem["count"] for problem in account.problems}
    foreign = {row["currency"] for row in account.amounts} - {contract.currency}
    return (
        account.rows_refused > contract.refused_threshold * rows
        or bool(OF_LETTERS & found.keys())
        or found.get("unknown-store", 0) > rows / 2
        or bool(contract.currency and foreign)
    )


def _strange(file: File) -> Doubts:
    from tillstream.pipeline.matching.match_contract import (  # nobody else needs what it knows
        another,
        changed,
        looked_at,
    )

    looked = looked_at(file.open)
    if looked is None:
        return Doubts()
    others, mine = another(looked, file.contract, file.known)
    if others:
        names = ", ".join(one.contract.name for one in others)
        why = "; ".join((*mine.reasons, *mine.doubts) if not mine.fits else mine.doubts)
        return Doubts((_hold(ANOTHER, value=names, detail=why),))
    if mine.doubts and mine.fits:
        return Doubts((_hold(ANOTHER, value="another source", detail="; ".join(mine.doubts)),))
    now = changed(looked, file.contract, known_headers.seen(file.ports, file.contract))
    if now is None:
        return Doubts()
    code = COLUMNS if now.kinds & OF_COLUMNS else STYLE
    words = [word[:1].upper() + word[1:] for word in now.words]
    proposed = {"contract": now.proposed.model_dump(mode="json"), "changes": words}
    return Doubts((_hold(code, detail="; ".join(words) + "."),), proposed)


def _with_new_columns(doubted: Doubts, contract: Contract, new: list[str]) -> Doubts:
    """The next version also knows these headers."""
    data = doubted.proposed.get("contract") or contract.model_dump(mode="json") | {"version": contract.version + 1}
    known = dict.fromkeys((*contract.extra_columns, *new))
    data |= {"extra_columns": [name for name in known if name not in data["columns"].values()]}
    changes = [*doubted.proposed.get("changes", ()), *(f"{name}: known, and kept in extra" for name in new)]
    before = "".join(f"{one.message} " for one in doubted.holds if one.code == COLUMNS)
    hold = _hold(COLUMNS, detail=before + _in_words(new))
    return Doubts(
        (*(one for one in doubted.holds if one.code != COLUMNS), hold), {"contract": data, "changes": changes}
    )


def _in_words(new: list[str]) -> str:
    """Of headers that no file of the contract had."""
    named = ", ".join(f"“{name}”" for name in new[:10]) + (f" and {len(new) - 10:,} more" if len(new) > 10 else "")
    return f"New: {named}. Nothing reads {'it' if len(new) == 1 else 'them'}; what stands there would be kept in extra."


def _hold(code: str, *, value: str = "", detail: str = "") -> Hold:
    return Hold(code, CATALOGUE[code].says(value=value, detail=detail))
