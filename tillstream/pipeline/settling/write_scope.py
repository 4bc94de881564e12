"""Write scope of a batch: to which stores its writers are bound, and the security events of rows beyond them."""

from collections.abc import Sequence

from tillstream import audit
from tillstream.audit import AuditAction
from tillstream.batches import lineage
from tillstream.domain.batch.record import Batch, BatchKind
from tillstream.domain.write_scope import EACH_OWN_STORE, NOT_YOUR_STORE, UNVERIFIED, narrowed, to_writers
from tillstream.pipeline.settling import unverified_senders
from tillstream.ports import Ports
from tillstream.ports.document_store import Put
from tillstream.ports.warehouse import SettlementResult

_REFUSED = """
SELECT COUNT(*) AS n FROM refusals
INNER JOIN batches ON batches.root_no = refusals.batch_no AND batches.fix_number = refusals.fix_number
  AND batches.received_date = refusals.received_date
WHERE batches.batch_id = @batch_id AND refusals.code = 'not-your-store' AND refusals.refused_by = 'ledger'
  AND refusals.received_date = @received_date
"""


def writers(ports: Ports, upload: Batch) -> str | None:
    """To which stores the writers of its rows are bound; a replay has those of the corrections that it includes."""
    if upload.own_stores:
        return EACH_OWN_STORE
    stores = {upload.fix_number: upload.stores}
    if upload.kind is BatchKind.REPLAY:
        corrections = lineage.inherited_corrections(ports, upload)
        stores |= {each.fix_number: narrowed(each.stores, upload.replayer_stores) for each in corrections}
    return to_writers(stores)


def security_events(ports: Ports, upload: Batch, settled: SettlementResult) -> Sequence[Put]:
    """The audit entries of a batch that has just been settled, if rows of it were rejected as `not-your-store`, or
    messages of it could not be verified."""
    return [*_out_of_scope(ports, upload, settled), *_unverified(ports, upload)]


def _out_of_scope(ports: Ports, upload: Batch, settled: SettlementResult) -> Sequence[Put]:
    rows = _rows_in_ledger(ports, upload, settled) + _rows_at_staging(upload, NOT_YOUR_STORE)
    if not rows:
        return ()
    is_sale = upload.kind is BatchKind.STORE_SALES
    action = AuditAction.SALE_OUT_OF_SCOPE if is_sale else AuditAction.UPLOAD_OUT_OF_SCOPE
    details = {"rows": rows, "file": upload.file, "region": upload.region}
    stores = {"stores": list(upload.stores)} if upload.stores is not None else {}
    subject = upload.parent if upload.kind is BatchKind.CORRECTION else upload.batch_id
    return [audit.entry(ports, upload.received_by, action, subject, None, details | stores)]


def _unverified(ports: Ports, upload: Batch) -> Sequence[Put]:
    rows = _rows_at_staging(upload, UNVERIFIED)
    if not rows:
        return ()
    details = {"rows": rows, "file": upload.file, "region": upload.region} | unverified_senders.of_batch(ports, upload)
    return [audit.entry(ports, upload.received_by, AuditAction.SALE_UNVERIFIED, upload.batch_id, None, details)]


def _rows_in_ledger(ports: Ports, upload: Batch, settled: SettlementResult) -> int:
    """The rows that the ledger rejected. A settlement whose answer was lost did not count them."""
    if settled.batches[upload.batch_id] == settled.settlement_no:
        return settled.foreign_rows.get(upload.batch_id, 0)
    if not upload.own_stores and upload.stores is None:
        return 0
    params = {"batch_id": upload.batch_id, "received_date": upload.received_date}
    counted: int = ports.warehouse.query(_REFUSED, params).column("n")[0].as_py()
    return counted


def _rows_at_staging(upload: Batch, code: str) -> int:
    return sum(one.count for one in upload.staged.problems if one.code == code) if upload.staged else 0
