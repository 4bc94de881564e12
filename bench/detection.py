"""Detection measured: how often a proposal is right, how much it asks, and that it is never wrong and silent."""

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

from bench.detection_files import Made, Truth, made
from bench.detection_styles import Style
from tillstream.detection import Proposal, propose
from tillstream.domain.contract.model import parse
from tillstream.domain.contract.sections import DateStyle
from tillstream.domain.errors import Rejected
from tillstream.pipeline.normalising.dates.formats import DAY
from tillstream.pipeline.normalising.dates.parse import read_dates
from tillstream.pipeline.staging.sources.file import file_parts
from tillstream.samples import wide

FILES = 300
RECEIVED = date(2026, 12, 31)
_ROUNDS = 6
_EPOCH = date(1970, 1, 1).toordinal()


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
    contract, style = proposal.contract, truth.style
    yield "delimiter", ("delimiter",), contract["file"]["delimiter"] == style.delimiter
    yield "encoding", ("encoding",), _same_text(contract["file"]["encoding"], truth)
    decimal = contract.get("numbers", {}).get("decimal")
    yield "decimal", ("decimal", "delimiter", "column."), style.whole or decimal == style.decimal
    yield "dates", ("date_order", "column.date", "language"), _same_days(contract.get("dates", {}), style)
    yield "currency", ("currency",), contract.get("currency", "") == style.currency
    meant = {header: role for role, header in truth.columns.items()}
    for role, header in contract["columns"].items():
        own = meant.get(header, "extra")
        own = f"{truth.amount}_amount" if own == "amount" else own
        excuses = (f"column.{role}", "column.net_amount", "column.tax", "amount", "prices", "identity")
        yield f"{role} is {header}, which is {own}", excuses, own == role
    words = contract.get("status", {}).get("words", {})
    for word, meaning in truth.statuses.items():
        yield f"status {word}", (f"status.{word}",), not words or words.get(word) == meaning
    if truth.prefix:
        prefixes = contract.get("status", {}).get("prefixes", {})
        negative = contract.get("status", {}).get("negative_quantity")
        yield "returns", ("identity", "column."), truth.prefix in prefixes or bool(negative)


def _same_days(dates: dict[str, Any], style: Style) -> bool:
    moments = [datetime(2026, month, day, 17, 45) for month in range(1, 13) for day in (1, 9, 28)]  # noqa: DTZ001
    if not dates.get("formats"):
        return False
    read = read_dates(pa.array([style.date(moment) for moment in moments]), DateStyle.model_validate(dates))
    return [int(micros) // DAY for micros in read.wall] == [moment.toordinal() - _EPOCH for moment in moments]


def _same_text(encoding: str, truth: Truth) -> bool:
    return truth.text.encode(truth.style.encoding).decode(encoding, "replace").removeprefix("\ufeff") == truth.text


def answers_for(proposal: Proposal, truth: Truth) -> dict[str, str]:
    """What a person who knows the file says."""
    style = truth.style
    said = {
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
    named = truth.columns.get("sale_id")
    said["identity"] = named or ",".join(truth.columns[role] for role in ("store_id", "date"))
    found = {}
    for question in proposal.questions:
        kind, _, what = question.key.partition(".")
        if question.key in said:
            found[question.key] = said[question.key]
        elif kind == "column":
            total = truth.columns.get("amount", "-") if what == f"{truth.amount}_amount" else "-"
            found[question.key] = truth.columns.get(what, total)
        elif kind == "status":
            found[question.key] = truth.statuses.get(what, "completed")
        elif kind == "missing":
            found[question.key] = "yes"
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


def questions_a_file(outcomes: list[Outcome]) -> float:
    return sum(len(one.asked) for one in outcomes) / len(outcomes)


def asked_most(outcomes: list[Outcome]) -> list[tuple[str, int]]:
    """Kinds of questions and in how many files each was asked."""
    kinds = Counter(kind for one in outcomes for kind in {key.partition(".")[0] for key in one.asked})
    return kinds.most_common()


def large(work: Path) -> tuple[float, int]:
    """Seconds of the processor to look at a file of a million rows, and the bytes read of it."""
    path = work / "detected.csv"
    wide.wide_file(path, 1_000_000)
    taken = []
    for _ in range(5):
        with path.open("rb") as stream:
            started = time.process_time()
            read = propose(stream, name="wide").read
            taken.append(time.process_time() - started)
    return statistics.median(taken), read
