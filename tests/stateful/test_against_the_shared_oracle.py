"""Random schedules against the shared oracle, a plain Python model next to the project, if it is present.

The oracle knows files, tills, whole statements, repeats, corrections, fixes of rows that validation refused, undo and
redelivery, so only these take part. Where it is silent or differs is documented in `docs/adr/012-ledger-rules.md`.
"""

import importlib.util
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from stateful import sources
from stateful.checks import current_lines, settlements
from stateful.model_batches import ModelBatch, ModelRow
from stateful.operations import OPERATIONS
from stateful.sources import Fix
from stateful.system import System, running_system
from turns import one_in_turns

from examples import in_long_proofs
from tillstream.model.batch import STATES_IN_LEDGER
from tillstream.model.errors import Rejected
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.receipts import receipt as receipts

ORACLE = Path(__file__).resolve().parents[3] / "shared" / "model" / "ledger_model.py"
SHARED_OPERATIONS = (
    "file",
    "message",
    "repeat",
    "correction",
    "overlap",
    "fix",
    "undo",
    "redelivery",
    "stage",
    "settle",
    "work",
)


OUTCOMES = ("new", "corrected", "duplicate", "quarantined", "ignored")


@pytest.fixture(scope="module")
def oracle() -> Any:
    if not ORACLE.is_file():
        pytest.skip("the shared oracle is not beside the project")
    spec = importlib.util.spec_from_file_location("ledger_model", ORACLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look for it there
    spec.loader.exec_module(module)
    return module


def _row(oracle: Any, row: ModelRow, batch: ModelBatch) -> Any:
    if row.line is None:
        sale, (store, day) = row.sale or f"unreadable {row.number}", row.store_day or ("-", "-")
        return oracle.Row(sale, bad=True, store=store, day=day)
    line = row.line
    facts = tuple((name, value) for name, value in line.facts if value is not None)
    store, day = line.store_day
    return oracle.Row(line.sale, line.product, facts, line.line, line.version or None, store, day)


def _add(oracle: Any, ledger: Any, batch: ModelBatch) -> None:
    """One batch of ours: a file, a correction as one fix a row, a micro-batch as its messages."""
    if batch.kind == "correction":
        rows = [row.number for row in ledger.model_rows[batch.parent]]
        for row in batch.rows:
            bad = oracle.Row("-", bad=True)
            ledger.fix(batch.parent, rows.index(row.number), bad if row.discarded else _row(oracle, row, batch))
        return
    groups: dict[int, list[ModelRow]] = {}
    for row in batch.rows:
        groups.setdefault(row.sequence, []).append(row)
    for sequence, rows in groups.items():
        theirs = oracle.Batch(
            f"{batch.id}/{sequence}" if sequence else batch.id,
            batch.side,
            [_row(oracle, row, batch) for row in rows],
            sequence or batch.received,
            contract=batch.contract,
            sha=None if sequence else batch.sha,
            replaces=None if sequence else batch.replaces or None,
            rules=batch.rules,
            stores=frozenset({rows[0].sender}) if rows[0].sender else batch.writers.get(0),
        )
        ledger.model_rows[theirs.id] = rows
        ledger.receive(theirs)
        ledger.settle()


def _fix(system: System, rng: Random) -> bool:
    """Rows that validation refused become right or are discarded."""
    for record, _ in system.batches().values():
        if record.kind != "upload" or record.state not in STATES_IN_LEDGER:
            continue
        refused = receipts.rejected_rows(system.app.ports, record.batch_id)
        waiting = [row["row_number"] for row in refused if row["refused_by"] == "validation"]
        if waiting:
            # One at a time, because the product refuses rows of one correction that contradict each other.
            right = Fix(waiting[0], _right(system, record, waiting[0]), rng.choice(["edit", "edit", "discard"]))
            correction = system.fix(record.batch_id, [right], record.stores)
            stage.stage(system.app.ports, correction.batch_id)
            settle.settle_all(system.app.ports, system.app.contracts)
            return True
    return False


def _right(system: System, record: Any, number: int) -> sources.Row:
    row = system.row_now(record, number)
    return sources.Row(**(vars(row) | {"fault": ""}))


def play(oracle: Any, home: Path, seed: int) -> None:
    rng = Random(seed)
    numbered, people = rng.random() < 0.4, Random(seed) if seed % 2 else None
    names = rng.choices(SHARED_OPERATIONS, [OPERATIONS[name][0] for name in SHARED_OPERATIONS], k=rng.randint(5, 12))
    with running_system(home, numbered=numbered, people=people, wide=seed % 4 == 3) as system:
        if not numbered:  # the oracle numbers equal products across versions
            for name in ("version", "version-sale"):
                del system.editions[name, 1]
        for name in ["file", *names]:
            step = _fix if name == "fix" else OPERATIONS[name][1]
            with suppress(Rejected):
                step(system, Random(rng.randrange(1 << 30)))
            system.clock.advance(1)
        system.wait()
        ledger = _fill(oracle, system)
        expected = {key: dict(row.facts) for key, row in ledger.current().items()}
        lines = current_lines(system).items()
        assert {key: {n: v for n, v in facts if v is not None} for key, facts in lines} == expected, f"schedule {seed}"
        _receipts_agree(system, ledger, seed)


def _fill(oracle: Any, system: System) -> Any:
    """The oracle's ledger after everything that the system settled and undid, in the same order."""
    ledger = oracle.Ledger()
    ledger.model_rows = {}
    for taken, undone in settlements(system, {name: batch for name, (_, batch) in system.batches().items()}):
        for batch_id in [each.id for each in ledger.batches if each.id.partition("/")[0] in undone]:
            ledger.undo(batch_id)
        for batch in sorted(taken, key=lambda b: (b.received, b.fix, b.id)):
            _add(oracle, ledger, batch)
    return ledger


def _receipts_agree(system: System, ledger: Any, seed: int) -> None:
    """Only of files without repeated keys, because the oracle counts each repeated row."""
    for batch in ledger.batches:
        keys = Counter(key for _, key, _, _ in ledger.keyed(batch))
        if batch.kind == "file" and max(keys.values(), default=0) < 2:
            theirs = ledger.receipt(batch.id)
            rows = receipts.batch_receipt(system.plain.ports, batch.id)["rows"]
            assert {name: theirs[name] for name in OUTCOMES} == {name: rows[name] for name in OUTCOMES}, (
                seed,
                batch.id,
            )


@pytest.mark.parametrize("seeds", [range(2), *in_long_proofs(range(2, 8))], ids=str)
def test_schedules_agree_with_the_shared_oracle(
    oracle: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seeds: range
) -> None:
    monkeypatch.setattr(sources, "FAULTS", ("qty",))
    for seed in seeds:
        play(oracle, tmp_path / str(seed), seed)


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("first", range(100, 220, 20))
def test_many_schedules_agree_with_the_shared_oracle(
    oracle: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    monkeypatch.setattr(sources, "FAULTS", ("qty",))
    for seed in one_in_turns(2, range(first, first + 20)):  # every second one, the others with another commit
        play(oracle, tmp_path / str(seed), seed)
