"""Detect the contract of a file; needs no app."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tillstream.app import App
from tillstream.commands.result import DONE, HELD, Progress, Result
from tillstream.commands.run_batch import COMMAND_LINE
from tillstream.contracts import loader
from tillstream.detection import FileSample, propose
from tillstream.detection.answers import check
from tillstream.detection.text.first_bytes import HEAD_BYTES, is_text
from tillstream.domain.contract.model import parse
from tillstream.domain.errors import Rejected
from tillstream.workflows.onboarding.sale_id_prefix import prefixed

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")


def detect(file: str, answers: Mapping[str, str], name: str, own: Path) -> Result:
    """Return the proposed contract with evidence and open questions. own: the company's folder of contracts.

    Raises `Rejected` for an unreadable file or an invalid answer.
    """
    check(answers)
    if name and not NAME.fullmatch(name):
        raise Rejected(f"{name!r} is not a valid contract name. Use at most 60 letters, digits, - and _.")
    path = Path(file)
    try:
        with path.open("rb") as stream:
            file_sample, text = _sample_or_text(path, stream)
            proposal = propose(text, name=name or path.name.partition(".")[0], answers=answers, sample=file_sample)
    except OSError as error:
        raise Rejected(f"{path} cannot be read: {error.strerror}.") from error
    if not proposal.rows:
        raise Rejected(f"{path.name} has no rows. A contract can only be proposed for a file with rows.")
    data = proposal.to_dict() | {"file": path.name}
    if not proposal.questions:
        contracts = loader.shipped() | loader.load_folder(own)
        contract, prefix_finding = prefixed(parse(proposal.contract, "The proposed contract"), contracts.values())
        data["findings"] += [prefix_finding.to_dict()] if prefix_finding else []
        fields = contract.model_dump(mode="json", exclude_defaults=True)
        data["contract"] = {"name": contract.name, "version": 1} | fields
    return Result(data, HELD if proposal.questions else DONE)


def _sample_or_text(path: Path, stream: BinaryIO) -> tuple[FileSample | None, BinaryIO]:
    """Return the sampled rows of a workbook or similar file, or the text stream; readers are loaded on demand."""
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    if is_text(head):
        return None, stream
    from tillstream.pipeline.matching.match_contract import typed_rows_or_text

    content = typed_rows_or_text(head, lambda: path.open("rb"))
    return (content, stream) if isinstance(content, FileSample) else (None, content or stream)


@dataclass(frozen=True, kw_only=True)
class SaveContract:
    """A contract as JSON."""

    contract: Mapping[str, object]


def save_contract(app: App, progress: Progress, arguments: SaveContract) -> Result:
    """Save a contract in the company's folder, as the next version if the name exists."""
    saved = app.contracts.save(parse(arguments.contract, "The proposed contract"), COMMAND_LINE)
    return Result({"name": saved.name, "version": saved.version})
