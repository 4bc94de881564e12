"""The digests as all earlier versions compute them: of the whole ledger, by one query. Both sides of a sync may have
different versions, so the present ones must be equal."""

import hashlib
from collections import defaultdict

from tillstream.ports import Ports
from tillstream.records import batch_records

COUNTED = """
SELECT
  batches.batch_id,
  batches.received_date,
  COUNT(sightings.content) AS line_count,
  COALESCE(SUM(CAST(sightings.sale AS NUMERIC)), 0) AS sales,
  COALESCE(SUM(CAST(sightings.content AS NUMERIC)), 0) AS contents,
  COALESCE(SUM(CAST(ABS(sightings.sale - sightings.content) AS NUMERIC)), 0) AS pairs,
  COALESCE(SUM(sightings.row_number), 0) AS places,
  COALESCE(SUM(sightings.fix_number), 0) AS fixes,
  COALESCE(SUM(sightings.source_version), 0) AS versions
FROM batches
LEFT JOIN sightings
  ON
    sightings.batch_no = batches.batch_no
    AND sightings.received_date = batches.received_date
    AND sightings.settlement_no <= @number
WHERE
  batches.batch_no = batches.root_no
  AND batches.settlement_no <= @number
  AND (batches.undone_no IS NULL OR batches.undone_no > @number)
GROUP BY batches.batch_id, batches.received_date
"""


def digests(ports: Ports, number: int, home: str = "") -> dict[str, str]:
    """Day of receipt → digest of the batches of a home after a settlement; empty: of this home."""
    homes = {one.id: one.data["home"] for one in ports.documents.find(batch_records.BATCHES)}
    days: defaultdict[str, list[str]] = defaultdict(list)
    for row in ports.warehouse.query(COUNTED, {"number": number}).to_pylist():
        batch, day, *sums = row.values()
        if homes[batch] == home:
            days[day.isoformat()].append(" ".join(map(str, [batch, *sums])))
    return {day: hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest() for day, lines in days.items()}
