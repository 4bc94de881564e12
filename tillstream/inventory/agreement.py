"""Agreement of the recorded stock movements with those of the warehouse, after a part of either was lost.

Movements are never deleted, so each side can only lack some: those that were recorded after a file, a table or a part
of a backup was written. Nothing is taken away from the other side.
"""

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from tillstream.inventory import mirror, records
from tillstream.inventory.records import COMPUTED, MIRRORED
from tillstream.ports import Ports


@dataclass(frozen=True)
class Repair:
    """Numbers of movements that were recorded again from the warehouse, and that are written to it again."""

    recorded: int = 0
    mirrored: int = 0

    def sentences(self) -> list[str]:
        """For users; empty if nothing was to repair."""
        sentences = []
        if self.mirrored:
            sentences.append(
                f"The warehouse lacked {_many(self.mirrored)}. They were written again from their records."
            )
        if self.recorded:
            sentences.append(
                f"The records of {_many(self.recorded)} were missing, as if an older documents file was put back. They "
                "were written again from the warehouse, without notes and without who recorded them."
            )
        return sentences


def repair(ports: Ports) -> Repair:
    """Record what only the warehouse has, and let the next `levels.refresh` write what it lacks. Idempotent.

    Movements may be recorded meanwhile. If both agree, only numbers of movements are read.
    """
    return Repair() if _agree(ports) else Repair(_record(ports), _lacking(ports))


def _agree(ports: Ports) -> bool:
    """Movements are recorded first and mirrored then, so their numbers are read in this order."""
    mirrored = records.count(ports, MIRRORED, COMPUTED)
    (row,) = ports.warehouse.query("SELECT COUNT(DISTINCT movement_id) AS movements FROM stock_movements").to_pylist()
    return bool(mirrored <= row["movements"] <= records.count(ports))


def _record(ports: Ports) -> int:
    """Record the movements that only the warehouse has; return how many."""
    rows = ports.warehouse.query("SELECT * FROM stock_movements ORDER BY movement_id, line_no").to_pylist()
    recorded = {one.data["movement_id"] for one in records.every(ports)}
    lost = [
        mirror.to_stored(list(lines))
        for movement_id, lines in groupby(rows, itemgetter("movement_id"))
        if movement_id not in recorded
    ]
    for one in lost:
        records.restore(ports, one)
    return len(lost)


def _lacking(ports: Ports) -> int:
    """Set the movements that the warehouse lacks back to RECORDED; return how many."""
    lacking = [one for state in (MIRRORED, COMPUTED) for one in records.in_state(ports, state)]
    stored = ports.warehouse.query("SELECT DISTINCT movement_id FROM stock_movements").column("movement_id").to_pylist()
    present = set(stored)
    lacking = [one for one in lacking if one.data["movement_id"] not in present]
    records.set_state(ports, lacking, records.RECORDED)
    return len(lacking)


def _many(count: int) -> str:
    return "1 stock movement" if count == 1 else f"{count:,} stock movements"
