-- The current lines of a store around a business day, with which day closes of its tills are compared.
-- @region STRING: region of the store
-- @store STRING: ID of the store
-- @first DATE: first business day
-- @last DATE: last business day
SELECT
  sale_id,
  line_key,
  sale_date,
  status,
  product_id,
  currency,
  net_amount
FROM sale_versions
WHERE is_current
  AND region = @region
  AND store_id = @store
  AND sale_date BETWEEN @first AND @last
ORDER BY sale_id, line_key
