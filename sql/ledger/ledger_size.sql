-- The number of current sale lines, and the time of the last settlement; NULL before the first.
SELECT
  (SELECT COUNT(*) FROM sale_versions WHERE is_current) AS line_count,
  (
    SELECT MAX(settled_at)
    FROM settlements
    WHERE settlement_no = (SELECT MAX(settlement_no) FROM settlements)
  ) AS as_of
