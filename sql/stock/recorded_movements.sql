-- Movements that one home recorded from @first INT64 to @last INT64 (microseconds since 1970), a row for each of their
-- lines. subject: their ID; for a cancellation, that of the cancelled movement.
-- @prefix STRING: what the IDs of the movements of a home begin with; '' for those of this home
WITH named AS (
  SELECT
    *,
    IF(kind = 'cancellation', COALESCE(reference, ''), movement_id) AS subject
  FROM stock_movements
),

cancelled AS (
  SELECT reference FROM stock_movements
  WHERE kind = 'cancellation'
  GROUP BY reference
)

SELECT
  named.* EXCEPT (reference),
  IF(named.kind = 'cancellation', NULL, named.reference) AS reference,
  named.kind != 'cancellation' AND cancelled.reference IS NOT NULL AS is_cancelled
FROM named
LEFT JOIN cancelled ON cancelled.reference = named.subject
WHERE
  named.recorded_seq BETWEEN @first AND @last
  AND STARTS_WITH(named.subject, 'home:') = (@prefix != '')
  AND STARTS_WITH(named.subject, @prefix)
ORDER BY named.subject, named.kind, named.line_no
