-- Lines of the restock queue of some products.
-- @products ARRAY<STRING>: products
SELECT * FROM restock_lines WHERE product IN UNNEST(@products)
