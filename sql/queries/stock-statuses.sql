-- Number of stock levels, and their value at cost, by status: the products in stores that `stock-levels` lists, with the same
-- filters. stock_cost is in the reporting currency; uncosted counts the levels with stock but without a cost or a rate.
-- @text STRING = : only products whose ID, name or supplier contains it, or with this code or barcode, ignoring case
-- reads: searched_stock_facts
-- amounts: converted
WITH
final AS (
  SELECT
    status,
    COUNT(*) AS levels,
    COUNTIF(on_hand > 0 AND reporting_cost IS NULL) AS uncosted,
    CAST(SUM(CAST(GREATEST(on_hand, 0) AS BIGNUMERIC) * CAST(reporting_cost AS BIGNUMERIC)) AS NUMERIC) AS stock_cost
  FROM searched_stock_facts
  GROUP BY status
)
SELECT * FROM final
ORDER BY status
