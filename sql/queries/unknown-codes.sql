-- Product IDs in the sales that the catalogue lacks, most lines first: proposals for new products. There is none if the
-- catalogue has no products. name, category, and usual_price with its currency, are those of most lines; stores lists up
-- to five stores, those with most lines first, store_count is the number of all.
-- @limit INT64 = 100: maximum number of codes
-- @offset INT64 = 0: number of codes to skip
WITH
products AS (
  SELECT DISTINCT product_id FROM dim_product
),
lines AS (
  SELECT
    visible_lines.region,
    visible_lines.product_id AS code,
    visible_lines.product_name,
    visible_lines.category,
    visible_lines.unit_price,
    visible_lines.currency,
    visible_lines.store_id,
    visible_lines.sale_date
  FROM visible_lines
  LEFT JOIN products ON products.product_id = visible_lines.product
  WHERE
    visible_lines.product_id IS NOT NULL
    AND products.product_id IS NULL
    AND EXISTS (SELECT 1 FROM products)
),
grouped AS (
  SELECT
    region,
    code,
    COUNT(*) AS lines,
    MIN(sale_date) AS first_sale_date,
    MAX(sale_date) AS last_sale_date,
    COUNT(DISTINCT store_id) AS store_count
  FROM lines
  GROUP BY region, code
),
page AS (
  SELECT * FROM grouped
  ORDER BY lines DESC, code, region
  LIMIT @limit OFFSET @offset
),
page_lines AS (
  SELECT lines.*
  FROM lines
  INNER JOIN page ON page.region = lines.region AND page.code = lines.code
),
name_counts AS (
  SELECT region, code, product_name, COUNT(*) AS lines
  FROM page_lines
  WHERE product_name IS NOT NULL
  GROUP BY region, code, product_name
),
names AS (
  SELECT region, code, product_name
  FROM name_counts
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY region, code ORDER BY lines DESC, product_name) = 1
),
category_counts AS (
  SELECT region, code, category, COUNT(*) AS lines
  FROM page_lines
  WHERE category IS NOT NULL
  GROUP BY region, code, category
),
categories AS (
  SELECT region, code, category
  FROM category_counts
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY region, code ORDER BY lines DESC, category) = 1
),
price_counts AS (
  SELECT region, code, unit_price, currency, COUNT(*) AS lines
  FROM page_lines
  WHERE unit_price IS NOT NULL
  GROUP BY region, code, unit_price, currency
),
prices AS (
  SELECT region, code, unit_price, currency
  FROM price_counts
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY region, code ORDER BY lines DESC, currency, unit_price) = 1
),
store_counts AS (
  SELECT region, code, store_id, COUNT(*) AS lines
  FROM page_lines
  WHERE store_id IS NOT NULL
  GROUP BY region, code, store_id
),
first_stores AS (
  SELECT
    region,
    code,
    store_id,
    ROW_NUMBER() OVER (PARTITION BY region, code ORDER BY lines DESC, store_id) AS place
  FROM store_counts
),
stores AS (
  SELECT region, code, STRING_AGG(store_id, ', ' ORDER BY place) AS stores
  FROM first_stores
  WHERE place <= 5
  GROUP BY region, code
),
final AS (
  SELECT
    page.code,
    page.region,
    names.product_name AS name,
    categories.category,
    prices.unit_price AS usual_price,
    prices.currency,
    page.lines,
    page.first_sale_date,
    page.last_sale_date,
    stores.stores,
    page.store_count
  FROM page
  LEFT JOIN names ON names.region = page.region AND names.code = page.code
  LEFT JOIN categories ON categories.region = page.region AND categories.code = page.code
  LEFT JOIN prices ON prices.region = page.region AND prices.code = page.code
  LEFT JOIN stores ON stores.region = page.region AND stores.code = page.code
)
SELECT * FROM final
ORDER BY lines DESC, code, region
