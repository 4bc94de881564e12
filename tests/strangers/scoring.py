"""The score of a case: what a clerk reaches who follows the questions, compared with the truth."""

import io
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from tests.strangers.case import Case
from tests.strangers.clerk import Stuck, answers
from tests.strangers.truth import Truth
from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App, build
from tillstream.commands.detect import delivered_lines, detect
from tillstream.commands.ingest import ingest_file
from tillstream.commands.result import quiet
from tillstream.contracts import contract_files, registry
from tillstream.detection import fit
from tillstream.model.contract import Contract, parse_contract
from tillstream.model.errors import Rejected
from tillstream.pipeline.matching.match_contract import sample_original
from tillstream.pipeline.matching.readability import can_parse_cells
from tillstream.pipeline.staging.expiry import delete_staged
from tillstream.ports.warehouse import WarehouseQuery
from tillstream.review import settlement_previews
from tillstream.settings import Settings

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
ROUNDS = 8
FIGURES = """
SELECT status, sale_id, sale_date, currency, quantity, net_amount, gross_amount, product_name, store_id, extra
FROM current_lines
"""


@dataclass(frozen=True)
class Result:
    """result: right, refused, held, quarantined, stuck or wrong. `wrong` is a load without a word to other figures.

    questions: their keys; the table of status words is one question.
    outcome: the same before it is judged, `loaded` with the right figures.
    """

    case: str
    result: str
    outcome: str
    questions: tuple[str, ...] = ()
    reason: str = ""
    claimed_by: tuple[str, ...] = ()
    """Shipped contracts that wrongly read the file without a doubt."""


@contextmanager
def home() -> Iterator[App]:
    """An app in an empty home."""
    with tempfile.TemporaryDirectory(prefix="tillstream-strangers-") as folder:
        settings = Settings(home=Path(folder), project="", samples=False, threads=1)
        app = build(settings, ManualClock(NOW), rates=False)
        try:
            yield app
        finally:
            app.close()


def score(case: Case, app: App) -> Result:
    """Score a case in an app without sales; nothing is stored in it."""
    if case.before:
        with home() as own:
            for number, (contract, name, data) in enumerate(case.before):
                path = own.settings.home / str(number) / name
                path.parent.mkdir()
                path.write_bytes(data)
                own.contracts.save(parse_contract(contract), "test")
                ingest_file(own, quiet, path, str(contract["name"]))
            return _score(case, own)
    return _score(case, app)


def _score(case: Case, app: App) -> Result:
    data = case.build()
    with tempfile.TemporaryDirectory(prefix="tillstream-stranger-") as folder:
        path = Path(folder) / case.file
        path.write_bytes(data)
        answered = dict(case.clerk.volunteered)
        claimed_by = tuple(name for name in _claimed_by(data) if name != case.source)

        def result(word: str, reason: str = "") -> Result:
            keys = (key for key in answered if key not in case.clerk.volunteered)
            questions = tuple(dict.fromkeys("status" if key.startswith("status.") else key for key in keys))
            return Result(case.name, _judged(case, word), word, questions, reason, claimed_by)

        try:
            if case.contract:
                contract = parse_contract(case.contract)
            else:
                contract = _detected(case, path, app, answered)
                registry.confirm_contract(app.ports, contract.name, "clerk")  # as detect does when it saves
            receipt, rows = _loaded(app, contract, case.file, data)
        except Rejected as error:
            return result("refused", _short(str(error)))
        except Stuck as error:
            return result("stuck", _short(str(error)))
        if receipt["holds"]:
            return result("held", _short("; ".join(hold["code"] for hold in receipt["holds"])))
        if case.truth is None:
            return result("wrong", f"{len(rows)} rows are loaded")
        differences = differing(case.truth, rows, has_words=bool(case.clerk.status))
        if not differences:
            return result("loaded")
        refused = receipt["rows"]["quarantined"]
        if refused and refused + len(rows) <= case.truth.rows:
            codes = {problem["code"] for problem in receipt["problems"] if problem["severity"] == "error"}
            return result("quarantined", f"{refused} rows: {', '.join(sorted(codes))}")
        return result("wrong", "; ".join(differences))


def _judged(case: Case, outcome: str) -> str:
    """Whether the outcome is one that is right for the case; otherwise the outcome."""
    right = {
        "figures": {"loaded"},
        "refused": {"refused", "held"},
        "held": {"refused", "held", "quarantined", "stuck"},
        "figures or held": {"loaded", "refused", "held", "quarantined", "stuck"},
    }[case.expected]
    if outcome in right:
        return "right"
    return "wrong" if outcome == "loaded" else outcome


def _claimed_by(data: bytes) -> tuple[str, ...]:
    sample = sample_original(lambda: io.BytesIO(data))
    if sample is None:
        return ()
    fits = fit(sample, contract_files.shipped_contracts().values(), reader=can_parse_cells)
    return tuple(one.contract.name for one in fits if one.fits and not one.doubts)


def _detected(case: Case, path: Path, app: App, answered: dict[str, str]) -> Contract:
    """Return the contract after all questions are answered. asked: filled with the answers."""
    data: Mapping[str, Any] = {}
    for _ in range(ROUNDS):
        name = "stranger" if answered.get("source", "new") == "new" else ""
        data = detect(str(path), answered, name, app.settings.contracts, partial(_search, app)).data
        if not data["questions"]:
            return parse_contract(data["contract"])
        answered |= answers(case, path.read_bytes(), data["questions"])
    raise Stuck(f"still asked: {', '.join(question['key'] for question in data['questions'])}")


def _search(app: App, **wanted: Any) -> Any:
    return delivered_lines(app, **wanted).data


def _loaded(app: App, contract: Contract, name: str, data: bytes) -> tuple[Mapping[str, Any], list[dict[str, Any]]]:
    """Return the receipt of a dry run and the lines of the ledger as they would be."""
    prefix = f"dry-run/{app.ports.clock.tick()}"
    try:
        upload = settlement_previews._store_file(app.ports, contract, prefix, name, io.BytesIO(data))
        receipt, settled = settlement_previews.try_settlement(
            app.ports, app.contracts, upload, prefix, (), WarehouseQuery(FIGURES), contract=contract
        )
    finally:
        delete_staged(app.ports, prefix)
    return receipt, settled.results[-1].to_pylist()


def differing(truth: Truth, rows: list[dict[str, Any]], *, has_words: bool) -> list[str]:
    """List the figures that differ from the truth. Without words for it, a negative line may count as returned."""
    column = f"{truth.basis}_amount"
    amounts = [row[column] for row in rows]
    revenue: dict[str, Decimal] = {}
    months: dict[str, Decimal] = {}
    for row, amount in zip(rows, amounts, strict=True):
        revenue[row["status"]] = revenue.get(row["status"], Decimal(0)) + (amount or 0)
        if row["status"] != "cancelled":
            month = f"{row['sale_date']:%Y-%m}"
            months[month] = months.get(month, Decimal(0)) + (amount or 0)
    days: list[date] = [row["sale_date"] for row in rows] or [date.min]
    loaded = {
        "rows": len(rows),
        "sales": len({row["sale_id"] for row in rows}),
        "units": sum((row["quantity"] or Decimal(0) for row in rows), Decimal(0)),
        "revenue": _cents(revenue if has_words else _sold(revenue)),
        "months": _cents(months),
        "first": min(days),
        "last": max(days),
        "currency": ", ".join(sorted({row["currency"] or "none" for row in rows})),
    }
    right = {
        "rows": truth.rows,
        "sales": truth.sales,
        "units": truth.units,
        "revenue": _cents(truth.revenue if has_words else _sold(truth.revenue)),
        "months": _cents(truth.months),
        "first": truth.first,
        "last": truth.last,
        "currency": truth.currency,
    }
    texts = " ".join(str(row[column]) for row in rows for column in ("product_name", "store_id", "extra"))
    garbled = sorted(word for word in truth.words if word not in texts)
    missing = [f"“{garbled[0]}” is not found in the lines"] if garbled and rows else []
    return missing + [f"{name} {_words(loaded[name])}, not {_words(right[name])}" for name in right
            if right[name] is not None and loaded[name] != right[name]]  # fmt: skip


def _cents(amounts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    rounded = {name: round(amount, 2) + 0 for name, amount in sorted(amounts.items())}
    return {name: amount for name, amount in rounded.items() if amount}


def _sold(revenue: Mapping[str, Decimal]) -> dict[str, Decimal]:
    sold = revenue.get("completed", Decimal(0)) + revenue.get("returned", Decimal(0))
    return {**revenue, "completed": sold, "returned": Decimal(0)}


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {amount}" for name, amount in value.items()) or "0"
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _short(message: str) -> str:
    return message if len(message) <= 160 else f"{message[:159]}…"
