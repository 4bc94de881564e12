-- The sales that settlements changed, one row per sale with its current lines, in the order of @order.
-- kind is added, corrected (an earlier content of the sale exists) or removed (no line of the sale is left). product
-- and other_product are two of its products, by their names in the catalogue, else in the source, else by code; sales is
-- the number of all changed sales. has_one_place: whether all lines of the sale, earlier ones too, are of one store and
-- one salesperson. Lines outside the filters are not included: choose a period that begins earlier than the day of since.
-- @resume_after INT64 = 0: only sales changed by a settlement after this one
-- @through INT64 = 9223372036854775807: only sales changed by a settlement up to this one
-- @since DATE = 0001-01-01: only sales of this day or later
-- @until DATE = 9999-12-31: only sales of this day or earlier
-- @order STRING = counted of counted|sold: latest settlement first; or sales that have lines, the latest day and time first
-- @limit INT64 = 50: maximum number of sales
-- reads: catalogue_codes, catalogue_names, listed_changes, reporting, reporting_rates, visible_versions
-- amounts: converted
WITH
sides AS (
  SELECT settlement_no, key, old AS content
  FROM listed_changes
  WHERE settlement_no > @resume_after AND settlement_no <= @through AND old IS NOT NULL
  UNION ALL
  SELECT settlement_no, key, `new` AS content
  FROM listed_changes
  WHERE settlement_no > @resume_after AND settlement_no <= @through AND `new` IS NOT NULL
),
touched AS (
  SELECT
    sale,
    settlement_no,
    sale_date,
    COALESCE(UNIX_MICROS(sold_at), 0) AS sold_micros,
    1 AS current_lines
  FROM visible_versions
  WHERE
    is_current
    AND settlement_no > @resume_after
    AND settlement_no <= @through
    AND sale_date >= @since
    AND sale_date <= @until
  UNION ALL
  -- lines that became current again, or that no longer count
  SELECT
    visible_versions.sale,
    sides.settlement_no,
    visible_versions.sale_date,
    COALESCE(UNIX_MICROS(visible_versions.sold_at), 0) AS sold_micros,
    IF(visible_versions.is_current, 1, 0) AS current_lines
  FROM visible_versions
  INNER JOIN sides
    ON sides.key = visible_versions.key AND sides.content = visible_versions.content
  WHERE visible_versions.sale_date >= @since AND visible_versions.sale_date <= @until
),
changed_sales AS (
  SELECT
    sale,
    MAX(settlement_no) AS changed_no,
    MAX(sold_micros) AS sold_micros,
    IF(@order = 'sold', DATE_DIFF(MAX(sale_date), DATE '1970-01-01', DAY), MAX(settlement_no)) AS place
  FROM touched
  GROUP BY sale
  HAVING @order = 'counted' OR MAX(current_lines) = 1
),
page AS (
  SELECT
    sale,
    changed_no,
    sold_micros,
    place,
    COUNT(*) OVER () AS sales
  FROM changed_sales
  ORDER BY place DESC, sold_micros DESC, sale
  LIMIT @limit
),
versions AS (
  SELECT
    *,
    is_current AND status <> 'cancelled' AS is_active
  FROM visible_versions
  WHERE sale IN (SELECT sale FROM page)
),
common_codes AS (
  SELECT * FROM catalogue_codes WHERE region = '*'
),
names AS (
  SELECT code, name FROM catalogue_names WHERE kind = 'product'
),
lines AS (
  SELECT
    versions.*,
    COALESCE(names.name, versions.product_name, versions.product_id) AS shown_product,
    CAST(versions.net_amount AS BIGNUMERIC)
    * CAST(IF(versions.currency = reporting.currency, 1, rates.factor) AS BIGNUMERIC) AS reporting_amount,
    reporting.currency AS reporting_currency
  FROM versions
  CROSS JOIN reporting
  LEFT JOIN reporting_rates AS rates
    ON rates.sale_date = versions.sale_date AND rates.currency = versions.currency
  LEFT JOIN catalogue_codes AS codes
    ON codes.region = versions.region AND codes.code = versions.product_id
  LEFT JOIN common_codes ON common_codes.code = versions.product_id
  LEFT JOIN names ON names.code = COALESCE(codes.product_id, common_codes.product_id, versions.product_id)
),
final AS (
  SELECT
    page.changed_no AS settlement_no,
    page.sales,
    page.sold_micros,
    page.place,
    lines.region,
    lines.sale_id,
    CASE
      WHEN COUNTIF(lines.is_current) = 0 THEN 'removed'
      WHEN COUNTIF(NOT lines.is_current) > 0 THEN 'corrected'
      ELSE 'added'
    END AS kind,
    CASE
      WHEN COUNTIF(lines.is_current AND lines.status <> 'cancelled') = 0 THEN 'cancelled'
      WHEN COUNTIF(lines.is_current AND lines.status = 'returned') > 0 THEN 'returned'
      WHEN COUNTIF(lines.is_current AND lines.status = 'pending') > 0 THEN 'pending'
      ELSE 'completed'
    END AS status,
    COALESCE(MAX(IF(lines.is_current, lines.store_id, NULL)), MAX(lines.store_id)) AS store_id,
    COALESCE(MAX(IF(lines.is_current, lines.salesperson_id, NULL)), MAX(lines.salesperson_id)) AS salesperson_id,
    COALESCE(MAX(IF(lines.is_current, lines.sold_at, NULL)), MAX(lines.sold_at)) AS sold_at,
    COALESCE(MAX(IF(lines.is_current, lines.sale_date, NULL)), MAX(lines.sale_date)) AS sale_date,
    COALESCE(MIN(IF(lines.is_current, lines.shown_product, NULL)), MIN(lines.shown_product)) AS product,
    MAX(IF(lines.is_current, lines.shown_product, NULL)) AS other_product,
    COUNT(DISTINCT IF(lines.is_current, lines.shown_product, NULL)) AS products,
    COUNTIF(lines.is_current) AS current_lines,
    CAST(SUM(IF(lines.is_active, lines.reporting_amount, NULL)) AS NUMERIC) AS revenue,
    COUNTIF(lines.is_active AND lines.reporting_amount IS NULL) AS unconverted_lines,
    MAX(lines.reporting_currency) AS currency,
    MIN(COALESCE(lines.store_id, '')) = MAX(COALESCE(lines.store_id, ''))
    AND MIN(COALESCE(lines.salesperson_id, '')) = MAX(COALESCE(lines.salesperson_id, '')) AS has_one_place
  FROM page
  INNER JOIN lines ON lines.sale = page.sale
  GROUP BY page.changed_no, page.sales, page.sold_micros, page.place, lines.region, lines.sale_id
)
SELECT * EXCEPT (sold_micros, place) FROM final
ORDER BY place DESC, sold_micros DESC, region, sale_id
