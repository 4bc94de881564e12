"""Detection measured: how often a proposal is right, how much it asks, and that it is never wrong and silent."""

import io
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pyarrow.compute as pc

from bench.detection_files import Made, Truth, made
from tillstream.detection import Proposal, propose
from tillstream.domain.contract import parse
from tillstream.domain.errors import Rejected
from tillstream.pipeline.file import file_parts

FILES = 300
RECEIVED = date(2026, 12, 31)
_ROUNDS = 6


@dataclass
class Outcome:
    """What came of one file."""

    seed: int
    asked: tuple[str, ...]
    """Keys of the questions of the first proposal."""
    settled: int = 0
    """Findings about the file that were right without a question."""
    wrong: list[str] = field(default_factory=list)
    """What was proposed otherwise than the file was written, though nothing asked about it."""
    seconds: float = 0.0


def judge(one: Made) -> Outcome:
    """The first proposal is held against the truth; then its questions are answered, and the file read with it."""
    started = time.perf_counter()
    first = propose(io.BytesIO(one.data), name="generated")
    seconds = time.perf_counter() - started
    asked = tuple(question.key for question in first.questions)
    outcome = Outcome(one.seed, asked, seconds=seconds)
    for about, keys, right in _checks(first, one.truth):
        if right:
            outcome.settled += 1
        elif not any(key.startswith(keys) for key in asked):
            outcome.wrong.append(about)
    outcome.wrong += _loaded(one)
    return outcome


def _checks(proposal: Proposal, truth: Truth) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """(what, the keys of questions that excuse it, whether it is right)."""
    contract = proposal.contract
    yield "delimiter", ("delimiter",), contract["file"]["delimiter"] == truth.delimiter
    yield "encoding", ("encoding",), _same_text(contract["file"]["encoding"], truth)
    numbers = contract.get("numbers", {})
    numeric = {"quantity", "unit_price", "amount", "net_amount"} & set(truth.columns)
    signs = any(sign in truth.text for sign in ",.") and numeric
    yield "decimal", ("decimal", "delimiter"), not signs or numbers.get("decimal") == truth.decimal or _whole(truth)
    formats = contract.get("dates", {}).get("formats", [])
    yield "dates", ("date_order", "column.date", "language"), formats == [truth.date_format]
    yield "currency", ("currency",), contract.get("currency", "") == truth.currency
    meant = {header: role for role, header in truth.columns.items()}
    for role, header in contract["columns"].items():
        own = meant.get(header, "extra")
        own = f"{truth.amount}_amount" if own == "amount" else own
        yield f"{role} is {header}, which is {own}", (f"column.{role}", "amount", "prices", "identity"), own == role
    words = contract.get("status", {}).get("words", {})
    for word, meaning in truth.statuses.items():
        yield f"status {word}", (f"status.{word}",), not words or words.get(word) == meaning
    if truth.prefix:
        prefixes = contract.get("status", {}).get("prefixes", {})
        yield "returns", ("identity",), prefixes == {truth.prefix.rstrip("-"): "returned"} or truth.prefix in prefixes


def _same_text(encoding: str, truth: Truth) -> bool:
    return truth.text.encode(truth.encoding).decode(encoding, "replace").removeprefix("\ufeff") == truth.text


def _whole(truth: Truth) -> bool:
    """Numbers without any fraction have no decimal sign that could be wrong, once they are read to the right sum."""
    return truth.net == truth.net.to_integral_value()


def answers_for(proposal: Proposal, truth: Truth) -> dict[str, str]:
    """What a person who knows the file says."""
    said = {
        "region": "Test",
        "country": "-",
        "currency": truth.currency,
        "time_zone": "UTC",
        "date_order": truth.date_order,
        "decimal": truth.decimal,
        "encoding": truth.encoding,
        "delimiter": truth.delimiter,
        "amount": truth.amount,
        "prices": "net",
        "discount": "amount",
        "language": truth.language,
    }
    sale = truth.columns.get("sale_id", "")
    said["identity"] = sale or ",".join(truth.columns[role] for role in ("store_id", "date"))
    found = {}
    for question in proposal.questions:
        kind, _, what = question.key.partition(".")
        if question.key in said:
            found[question.key] = said[question.key]
        elif kind == "column":
            found[question.key] = truth.columns.get(what) or (
                truth.columns.get("amount", "-") if what == f"{truth.amount}_amount" else "-"
            )
        elif kind == "status":
            found[question.key] = truth.statuses.get(what, "completed")
        elif kind == "missing":
            found[question.key] = "no"
    return found


def _loaded(one: Made) -> list[str]:
    """With every question answered the file is read whole, to the same total."""
    answers: dict[str, str] = {}
    for _ in range(_ROUNDS):
        proposal = propose(io.BytesIO(one.data), name="generated", answers=answers)
        if not proposal.questions:
            break
        answers |= answers_for(proposal, one.truth)
    else:
        return [f"answers do not close {', '.join(question.key for question in proposal.questions)}"]
    rows, refused, net = 0, 0, Decimal(0)
    try:
        for part in file_parts(lambda: io.BytesIO(one.data), parse(proposal.contract), RECEIVED):
            rows += part.table.num_rows
            refused += len(part.refused)
            net += pc.sum(part.table.column("net_amount")).as_py() or 0
    except Rejected as error:
        return [f"the file is not read: {error}"]
    if (rows, refused, net) != (one.truth.rows, 0, one.truth.net):
        return [f"{rows} rows, {refused} refused, net {net} instead of {one.truth.rows} rows, net {one.truth.net}"]
    return []


def measure(files: int = FILES) -> list[Outcome]:
    return [judge(made(seed)) for seed in range(files)]


def asked_most(outcomes: list[Outcome]) -> list[tuple[str, int]]:
    """Kinds of questions and in how many files each was asked."""
    kinds = Counter(kind for one in outcomes for kind in {key.partition(".")[0] for key in one.asked})
    return kinds.most_common()
