-- Codes in the sales that the catalogue lacks, most lines first: proposals for new products, stores and salespeople. There
-- is none of a kind of which the catalogue has no entry. name, category, and usual_price of a product with its currency,
-- are those of most lines, as is the currency of a store or salesperson; stores lists up to five stores, those with most
-- lines first, store_count and salesperson_count are the numbers of all, store_ids has all stores of a salesperson.
-- @kind STRING = product of product|store|salesperson|all: kind of the codes
-- @personal INT64 = 0: 1 if the user may see personal columns; otherwise there are no salespeople
-- @limit INT64 = 100: maximum number of codes
-- @offset INT64 = 0: number of codes to skip
-- reads: catalogue_names, visible_lines
WITH
catalogued AS (
  SELECT kind, region, code
  FROM catalogue_names
  WHERE @kind IN (kind, 'all') AND (@personal = 1 OR kind <> 'salesperson')
),
kinds AS (
  SELECT DISTINCT kind FROM catalogued
),
kinds_of_lines AS (
  SELECT
    kinds.kind,
    visible_lines.region,
    CASE kinds.kind
      WHEN 'product' THEN visible_lines.product_id
      WHEN 'store' THEN visible_lines.store_id
      ELSE visible_lines.salesperson_id
    END AS code,
    CASE kinds.kind
      WHEN 'product' THEN visible_lines.product
      WHEN 'store' THEN visible_lines.store_id
      ELSE visible_lines.salesperson_id
    END AS catalogue_code,
    IF(kinds.kind = 'product', '*', visible_lines.region) AS catalogue_region,
    IF(kinds.kind = 'product', visible_lines.product_name, NULL) AS product_name,
    IF(kinds.kind = 'product', visible_lines.category, NULL) AS category,
    IF(kinds.kind = 'product', visible_lines.unit_price, NULL) AS unit_price,
    visible_lines.currency,
    visible_lines.store_id,
    visible_lines.salesperson_id,
    visible_lines.sale_date
  FROM visible_lines
  CROSS JOIN kinds
),
lines AS (
  SELECT kinds_of_lines.*
  FROM kinds_of_lines
  LEFT JOIN catalogued
    ON catalogued.kind = kinds_of_lines.kind
    AND catalogued.region = kinds_of_lines.catalogue_region
    AND catalogued.code = kinds_of_lines.catalogue_code
  WHERE kinds_of_lines.code IS NOT NULL AND catalogued.code IS NULL
),
grouped AS (
  SELECT
    kind,
    region,
    code,
    COUNT(*) AS lines,
    MIN(sale_date) AS first_sale_date,
    MAX(sale_date) AS last_sale_date,
    COUNT(DISTINCT store_id) AS store_count,
    COUNT(DISTINCT salesperson_id) AS salesperson_count
  FROM lines
  GROUP BY kind, region, code
),
page AS (
  SELECT * FROM grouped
  ORDER BY lines DESC, code, region, kind
  LIMIT @limit OFFSET @offset
),
page_lines AS (
  SELECT lines.*
  FROM lines
  INNER JOIN page ON page.kind = lines.kind AND page.region = lines.region AND page.code = lines.code
),
name_counts AS (
  SELECT kind, region, code, product_name, COUNT(*) AS lines
  FROM page_lines
  WHERE product_name IS NOT NULL
  GROUP BY kind, region, code, product_name
),
names AS (
  SELECT kind, region, code, product_name
  FROM name_counts
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY kind, region, code ORDER BY lines DESC, product_name) = 1
),
category_counts AS (
  SELECT kind, region, code, category, COUNT(*) AS lines
  FROM page_lines
  WHERE category IS NOT NULL
  GROUP BY kind, region, code, category
),
categories AS (
  SELECT kind, region, code, category
  FROM category_counts
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY kind, region, code ORDER BY lines DESC, category) = 1
),
price_counts AS (
  SELECT kind, region, code, unit_price, currency, COUNT(*) AS lines
  FROM page_lines
  WHERE unit_price IS NOT NULL OR kind <> 'product'
  GROUP BY kind, region, code, unit_price, currency
),
prices AS (
  SELECT kind, region, code, unit_price, currency
  FROM price_counts
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY kind, region, code ORDER BY lines DESC, currency, unit_price) = 1
),
store_counts AS (
  SELECT kind, region, code, store_id, COUNT(*) AS lines
  FROM page_lines
  WHERE store_id IS NOT NULL
  GROUP BY kind, region, code, store_id
),
first_stores AS (
  SELECT
    kind,
    region,
    code,
    store_id,
    ROW_NUMBER() OVER (PARTITION BY kind, region, code ORDER BY lines DESC, store_id) AS place
  FROM store_counts
),
stores AS (
  SELECT
    kind,
    region,
    code,
    STRING_AGG(IF(place <= 5, store_id, NULL), ', ' ORDER BY place) AS stores,
    STRING_AGG(IF(kind = 'salesperson', store_id, NULL), ';' ORDER BY place) AS store_ids
  FROM first_stores
  GROUP BY kind, region, code
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
    page.store_count,
    page.kind,
    page.salesperson_count,
    stores.store_ids
  FROM page
  LEFT JOIN names ON names.kind = page.kind AND names.region = page.region AND names.code = page.code
  LEFT JOIN categories ON categories.kind = page.kind AND categories.region = page.region AND categories.code = page.code
  LEFT JOIN prices ON prices.kind = page.kind AND prices.region = page.region AND prices.code = page.code
  LEFT JOIN stores ON stores.kind = page.kind AND stores.region = page.region AND stores.code = page.code
)
SELECT * FROM final
ORDER BY lines DESC, code, region, kind
