"""Preview a replay without storing anything: the receipts of the batch as it is and as it would be."""

from collections.abc import Mapping
from typing import Any

import sql
from tillstream.contracts.registry import ContractRegistry
from tillstream.model.batch import STATES_IN_LEDGER, Batch, BatchState, receipt_time
from tillstream.model.errors import Rejected, TooLarge
from tillstream.model.people import BoundStores
from tillstream.pipeline.settling import large_job
from tillstream.pipeline.staging.expiry import delete_staged
from tillstream.ports import Ports
from tillstream.ports.warehouse import WarehouseQuery
from tillstream.receipts import receipt as receipts
from tillstream.records import batch_records
from tillstream.workflows.review import replay
from tillstream.workflows.review.dry_run import tried

TOTALS = WarehouseQuery(sql.text("ledger/totals"))
SHOWN = ("status", "contract", "contract_version", "rows", "amounts", "problems", "holds", "removed", "error")


def preview(
    ports: Ports,
    contracts: ContractRegistry,
    batch: str,
    contract: str | None = None,
    *,
    stores: BoundStores = None,
    received: str = "",
) -> dict[str, Any]:
    """Return what a replay would change. stores: to which the user is bound. received: as for `replay.replay`.

    received: time of receipt, before and after. before, after: receipt of the batch with rows by outcome and amounts.
    changes: net lines by kind. totals: ledger totals by region and currency, before and after. Raises `Rejected`,
    `NotFound`, `TooLarge`.
    """
    old = batch_records.get_batch(ports, batch)
    new = replay.reading(ports, contracts, old, contract, "", stores=stores, received=received)
    large_job.check_preview(ports, old.file, 2 * large_job.staged_rows(old))
    before = receipts.receipt(ports, batch)
    totals = ports.warehouse.query(TOTALS.sql).to_pylist()
    prefix = f"dry-run/{ports.clock.tick()}"
    try:
        undo = [old.batch_id] if old.state in STATES_IN_LEDGER else []
        after, settled = tried(ports, contracts, new, prefix, undo, TOTALS)
    except TooLarge:
        raise
    except Rejected as error:
        after, settled = (
            receipts.compose_receipt(new, [], [], []) | {"status": BatchState.REJECTED.value, "error": str(error)},
            None,
        )
    finally:
        delete_staged(ports, prefix)
    return {
        "batch_id": batch,
        "file": old.file,
        "received": {"before": _time(old), "after": _time(new)},
        "before": _shown(before),
        "after": _shown(after),
        "changes": dict(settled.changes) if settled else {},
        "totals": {"before": totals, "after": settled.results[-1].to_pylist() if settled else totals},
    }


def _time(batch: Batch) -> str:
    return receipt_time(batch.received_seq).isoformat(timespec="seconds")


def _shown(receipt: Mapping[str, Any]) -> dict[str, Any]:
    return {name: receipt[name] for name in SHOWN}
