"""Which lines of a batch are identical: read from the ledger only where a receipt says that some are."""

from itertools import groupby

from tillstream.ports import Ports

ALIKE = """
SELECT line_number, first_line
FROM (
  SELECT
    sightings.line_number,
    MIN(sightings.line_number) OVER (PARTITION BY sale_versions.sale, sightings.content) AS first_line,
    COUNT(*) OVER (PARTITION BY sale_versions.sale, sightings.content) AS alike
  FROM sale_versions
  INNER JOIN (
    SELECT sightings.*
    FROM sightings
    INNER JOIN batches ON batches.batch_no = sightings.batch_no
    WHERE batches.batch_id = @batch_id AND sightings.outcome <> 'quarantined'
  ) AS sightings ON sightings.key = sale_versions.key AND sightings.content = sale_versions.content
) AS told
WHERE alike > 1
ORDER BY first_line, line_number
LIMIT @most
"""


def repeated_lines(ports: Ports, batch: str, most: int = 100) -> list[list[int]]:
    """Line numbers of the file, those of identical lines together, the first of the file first; at most so many."""
    rows = ports.warehouse.query(ALIKE, {"batch_id": batch, "most": most}).to_pylist()
    groups = groupby(rows, key=lambda row: row["first_line"])
    return [lines for _, group in groups if len(lines := [row["line_number"] for row in group]) > 1]
