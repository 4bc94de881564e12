"""What the command line finds out about files, as plain functions; looking at a file needs no app."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from tillstream.app import App
from tillstream.commands.result import DONE, HELD, Progress, Result
from tillstream.commands.run_batch import ME
from tillstream.contracts import loader
from tillstream.detection import Looked, propose
from tillstream.detection.answers import check
from tillstream.detection.text.first_bytes import LOOKED_AT, is_text
from tillstream.domain.contract.model import parse
from tillstream.domain.errors import Rejected
from tillstream.workflows.onboarding.sale_id_prefix import prefixed

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")


def detect(file: str, answers: Mapping[str, str], name: str, own: Path) -> Result:
    """The proposed contract with its evidence and its open questions. own: the company's folder of contracts.

    Raises `Rejected` for a file that cannot be read and for an answer that is none.
    """
    check(answers)
    if name and not NAME.fullmatch(name):
        raise Rejected(f"{name!r} cannot be a contract's name: use letters, digits, - and _, at most 60 of them.")
    path = Path(file)
    try:
        with path.open("rb") as stream:
            looked, text = _inside(path, stream)
            found = propose(text, name=name or path.name.partition(".")[0], answers=answers, looked=looked)
    except OSError as error:
        raise Rejected(f"{path} cannot be read: {error.strerror}.") from error
    if not found.rows:
        raise Rejected(f"{path.name} has no rows to look at: a contract is proposed from rows.")
    data = found.plain() | {"file": path.name}
    if not found.questions:
        known = loader.shipped() | loader.load_folder(own)
        contract, apart = prefixed(parse(found.contract, "The proposed contract"), known.values())
        data["findings"] += [apart.plain()] if apart else []
        told = contract.model_dump(mode="json", exclude_defaults=True)
        data["contract"] = {"name": contract.name, "version": 1} | told
    return Result(data, HELD if found.questions else DONE)


def _inside(path: Path, stream: BinaryIO) -> tuple[Looked | None, BinaryIO]:
    """The rows of a workbook and its like, or the text to look at; what reads them loads only for them."""
    head = stream.read(LOOKED_AT)
    stream.seek(0)
    if is_text(head):
        return None, stream
    from tillstream.pipeline.matching.match_contract import inside_of

    inside = inside_of(head, lambda: path.open("rb"))
    return (inside, stream) if isinstance(inside, Looked) else (None, inside or stream)


def save_contract(app: App, progress: Progress, *, contract: dict[str, Any]) -> Result:
    """Into the company's own folder, as the next version where there is one of that name."""
    saved = app.book.save(parse(contract, "The proposed contract"), ME)
    return Result({"name": saved.name, "version": saved.version})
