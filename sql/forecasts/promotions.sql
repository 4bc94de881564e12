-- Promotions that are valid on a day from @first to @last.
-- @last DATE: last day
-- @first DATE: first day
SELECT
  product_id,
  category,
  region,
  store_id,
  rate,
  valid_from,
  valid_to
FROM dim_promotion
WHERE (valid_from IS NULL OR valid_from <= @last) AND (valid_to IS NULL OR valid_to > @first)
