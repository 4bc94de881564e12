-- All chosen sale lines with all columns, searched as in lines-page, latest day first: for exports.
-- @q STRING = : only lines whose sale or product contains this text; also its people, if the user may see personal data
-- @personal INT64 = 0: set by the query layer: 1 if the user may see personal columns
-- reads: sourced_lines, visible_sales
WITH
page AS (
  SELECT *
  FROM visible_sales
  WHERE
    (
      @q = ''
      OR STRPOS(LOWER(sale_id), LOWER(@q)) > 0
      OR STRPOS(LOWER(product_id), LOWER(@q)) > 0
      OR STRPOS(LOWER(product_name), LOWER(@q)) > 0
      OR (
        @personal = 1
        AND (
          STRPOS(LOWER(customer_id), LOWER(@q)) > 0
          OR STRPOS(LOWER(customer_name), LOWER(@q)) > 0
          OR STRPOS(LOWER(salesperson_id), LOWER(@q)) > 0
        )
      )
    )
),
lines AS (
  SELECT
    page.*,
    CAST(NULL AS STRING) AS catalogue_name
  FROM page
),
final AS (
  SELECT * EXCEPT (key, catalogue_name) FROM sourced_lines
)
SELECT * FROM final
ORDER BY sale_date DESC, region, sale_id, line_key
