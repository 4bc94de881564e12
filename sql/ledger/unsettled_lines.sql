-- Lines of store sales that are staged but not in the ledger yet: of each sale, those of the message that its
-- settlement chooses, which is the one with the highest version, and of those with the same version the first. A sale
-- disappears from here in the commit that adds it to the ledger, so no query counts it in both. A later message about
-- a sale of the ledger is not shown either: it appears with its settlement. On a laptop, which settles at once, there
-- are none.
CREATE OR REPLACE VIEW unsettled_lines AS
WITH
unsettled AS (
  SELECT live_lines.*
  FROM live_lines
  LEFT JOIN settled_sales ON settled_sales.sale = live_lines.sale
  WHERE settled_sales.sale IS NULL
),
final AS (
  SELECT *
  FROM unsettled
  WHERE TRUE
  -- a message is in one micro-batch, whose rows are appended a second time after an interruption
  QUALIFY
    RANK() OVER (
      PARTITION BY sale
      ORDER BY
        COALESCE(source_version, 0) DESC,
        COALESCE(IF(source_version > 0, -received_seq, received_seq), 0) DESC,
        batch_id
    ) = 1
    AND ROW_NUMBER() OVER (PARTITION BY batch_id, row_number ORDER BY appended_at) = 1
)
SELECT * FROM final
