-- The number of rows that are still rejected, by region, store and day; store or day is NULL if it could not be read.
-- needs: see uploads
-- @first DATE = 0001-01-01: no rows of earlier days
-- @last DATE = 9999-12-31: no rows of later days
-- reads: quarantine, refusals, visible_batches
WITH
open_rows AS (
  SELECT
    visible_batches.region,
    refusals.store_id,
    refusals.sale_date
  FROM quarantine
  INNER JOIN visible_batches ON visible_batches.batch_no = quarantine.batch_no
  INNER JOIN refusals
    ON refusals.batch_no = quarantine.batch_no
    AND refusals.row_number = quarantine.row_number
    AND refusals.fix_number = quarantine.fix_number
  WHERE visible_batches.undone_no IS NULL
    AND (refusals.sale_date IS NULL OR refusals.sale_date BETWEEN @first AND @last)
),
final AS (
  SELECT
    region,
    store_id,
    sale_date,
    COUNT(*) AS row_count
  FROM open_rows
  GROUP BY region, store_id, sale_date
)
SELECT * FROM final
ORDER BY region, sale_date, store_id
