-- How units of a category follow its list prices and promotions, from changes in the catalogue. elasticity is the change
-- of units in percent if prices rise by 1%.
-- needs: see forecasts
-- @limit INT64 = 1000: maximum number of rows
-- @offset INT64 = 0: number of rows to skip
-- reads: visible_price_effects
WITH
final AS (
  SELECT
    category,
    elasticity,
    low,
    high,
    is_clear,
    products,
    lowest_change,
    highest_change,
    cutoff_date
  FROM visible_price_effects
)
SELECT * FROM final
ORDER BY category
LIMIT @limit OFFSET @offset
