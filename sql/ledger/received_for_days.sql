-- The days on which lines of some business days were received.
-- @days ARRAY<DATE>: the business days
SELECT DISTINCT received_date
FROM sightings
WHERE sale_date IN UNNEST(@days)
