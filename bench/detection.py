"""Accuracy of detection: correct findings, number of questions, and no wrong finding without a question."""

import io
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from bench.detection_files import GeneratedFile, Style, Truth, generate_file
from tillstream.detection import Proposal, propose
from tillstream.model.contract import parse_contract
from tillstream.model.contract_sections import DateStyle
from tillstream.model.errors import Rejected
from tillstream.pipeline.normalising.date_formats import DAY_MICROSECONDS
from tillstream.pipeline.normalising.parse_dates import read_dates
from tillstream.pipeline.staging.file_source import RegionalFileSource
from tillstream.samples import wide_file

FILES = 300
RECEIVED = date(2026, 12, 31)
_ROUNDS = 6
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass
class Outcome:
    """Result of detection for one file."""

    seed: int
    questions: tuple[str, ...]
    """Question keys of the first proposal."""
    settled: int = 0
    """Number of findings that were correct without a question."""
    wrong: list[str] = field(default_factory=list)
    """Wrong findings that no question covered."""
    seconds: float = 0.0


def evaluate(file: GeneratedFile) -> Outcome:
    """Compare the first proposal with the truth, then answer its questions and load the file."""
    started = time.perf_counter()
    first = propose(io.BytesIO(file.data), name="generated")
    seconds = time.perf_counter() - started
    questions = tuple(question.key for question in first.questions)
    outcome = Outcome(file.seed, questions, seconds=seconds)
    for finding, prefixes, is_correct in _checks(first, file.truth):
        if is_correct:
            outcome.settled += 1
        elif not any(key.startswith(prefixes) for key in questions):
            outcome.wrong.append(finding)
    outcome.wrong += _load_errors(file)
    return outcome


def _checks(proposal: Proposal, truth: Truth) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Yield (finding, key prefixes of the questions that cover it, whether it is correct)."""
    contract, style = proposal.contract, truth.style
    yield "delimiter", ("delimiter",), contract["file"]["delimiter"] == style.delimiter
    yield "encoding", ("encoding",), _text_matches(contract["file"]["encoding"], truth)
    decimal = contract.get("numbers", {}).get("decimal")
    yield "decimal", ("decimal", "delimiter", "column."), style.whole or decimal == style.decimal
    yield "dates", ("date_order", "column.date", "language"), _dates_match(contract.get("dates", {}), style)
    yield "currency", ("currency",), contract.get("currency", "") == style.currency
    roles = {header: role for role, header in truth.columns.items()}
    for role, header in contract["columns"].items():
        true_role = roles.get(header, "extra")
        true_role = f"{truth.amount}_amount" if true_role == "amount" else true_role
        excuses = (f"column.{role}", "column.net_amount", "column.tax", "amount", "prices", "identity")
        yield f"{role} is {header}, which is {true_role}", excuses, true_role == role
    words = contract.get("status", {}).get("words", {})
    for word, meaning in truth.statuses.items():
        yield f"status {word}", ("status",), not words or words.get(word) == meaning
    if truth.prefix:
        prefixes = contract.get("status", {}).get("prefixes", {})
        negative = contract.get("status", {}).get("negative_quantity")
        yield "returns", ("identity", "column."), truth.prefix in prefixes or bool(negative)


def _dates_match(dates: dict[str, Any], style: Style) -> bool:
    moments = [datetime(2026, month, day, 17, 45) for month in range(1, 13) for day in (1, 9, 28)]  # noqa: DTZ001
    if not dates.get("formats"):
        return False
    read = read_dates(pa.array([style.date(moment) for moment in moments]), DateStyle.model_validate(dates))
    return [int(micros) // DAY_MICROSECONDS for micros in read.wall] == [
        moment.toordinal() - _EPOCH for moment in moments
    ]


def _text_matches(encoding: str, truth: Truth) -> bool:
    return truth.text.encode(truth.style.encoding).decode(encoding, "replace").removeprefix("\ufeff") == truth.text


def answers_for(proposal: Proposal, truth: Truth) -> dict[str, str]:
    """Return the correct answers to the questions of a proposal."""
    style = truth.style
    fixed_answers = {
        "region": "Test",
        "country": "-",
        "currency": style.currency,
        "time_zone": "UTC",
        "date_order": style.date_order,
        "decimal": style.decimal,
        "encoding": style.encoding,
        "delimiter": style.delimiter,
        "amount": truth.amount,
        "prices": "gross" if truth.kind == "prices with tax" else "net",
        "discount": "percent" if "cent" in truth.kind else "amount",
        "language": style.language,
    }
    sale_id_column = truth.columns.get("sale_id")
    fixed_answers["identity"] = sale_id_column or ",".join(truth.columns[role] for role in ("store_id", "date"))
    answers = {}
    for question in proposal.questions:
        kind, _, subject = question.key.partition(".")
        if question.key in fixed_answers:
            answers[question.key] = fixed_answers[question.key]
        elif kind == "column":
            total = truth.columns.get("amount", "-") if subject == f"{truth.amount}_amount" else "-"
            answers[question.key] = truth.columns.get(subject, total)
        elif kind == "status":
            answers |= {use.key: truth.statuses.get(use.word, "completed") for use in question.table}
        elif kind == "missing":
            answers[question.key] = "yes"
    return answers


def _load_errors(file: GeneratedFile) -> list[str]:
    """Load the file with all questions answered; return the differences from the true rows and total."""
    answers: dict[str, str] = {}
    for _ in range(_ROUNDS):
        proposal = propose(io.BytesIO(file.data), name="generated", answers=answers)
        if not proposal.questions:
            break
        answers |= answers_for(proposal, file.truth)
    else:
        return [f"answers do not close {', '.join(question.key for question in proposal.questions)}"]
    rows, refused, net = 0, 0, Decimal(0)
    try:
        for part in RegionalFileSource(
            lambda: io.BytesIO(file.data), parse_contract(proposal.contract), RECEIVED
        ).row_batches():
            rows += part.table.num_rows
            refused += len(part.rejected)
            net += pc.sum(part.table.column("net_amount")).as_py() or 0
    except Rejected as error:
        return [f"the file is not read: {error}"]
    if (rows, refused, net) != (file.truth.rows, 0, file.truth.net):
        return [f"{rows} rows, {refused} refused, net {net} instead of {file.truth.rows} rows, net {file.truth.net}"]
    return []


def measure(files: int = FILES) -> list[Outcome]:
    return [evaluate(generate_file(seed)) for seed in range(files)]


def questions_a_file(outcomes: list[Outcome]) -> float:
    return sum(len(outcome.questions) for outcome in outcomes) / len(outcomes)


def question_counts(outcomes: list[Outcome]) -> list[tuple[str, int]]:
    """Return (question type, number of files with such a question), most frequent first."""
    counts = Counter(kind for outcome in outcomes for kind in {key.partition(".")[0] for key in outcome.questions})
    return counts.most_common()


def large(work: Path) -> tuple[float, int]:
    """Return the CPU seconds to detect a file of a million rows, and the bytes read of it."""
    path = work / "detected.csv"
    wide_file.write_wide_file(path, 1_000_000)
    seconds = []
    for _ in range(5):
        with path.open("rb") as stream:
            started = time.process_time()
            read = propose(stream, name="wide").read
            seconds.append(time.process_time() - started)
    return statistics.median(seconds), read
