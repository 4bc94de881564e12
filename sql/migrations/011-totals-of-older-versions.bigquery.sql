-- Older functions refresh the daily totals until they are replaced, and again after a rollback, without split_orders. They
-- do not change this column, so the totals of later settlements are computed again. At first it is NULL: all are.
ALTER TABLE IF EXISTS summed ADD COLUMN IF NOT EXISTS split_settlement_no INT64;
