-- The currencies in which each store of a region has current lines.
-- @region STRING: region of the contract
SELECT store_id, currency
FROM current_lines
WHERE region = @region
GROUP BY store_id, currency
