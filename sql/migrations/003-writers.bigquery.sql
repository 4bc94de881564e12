-- The stores to which the writers of a batch and of a complete sale are bound. Earlier rows have no value: not bound.
ALTER TABLE IF EXISTS batches ADD COLUMN IF NOT EXISTS writers STRING;

ALTER TABLE IF EXISTS statements ADD COLUMN IF NOT EXISTS writer_stores STRING;

ALTER TABLE IF EXISTS statements ADD COLUMN IF NOT EXISTS own_keys STRING;

ALTER TABLE IF EXISTS incoming ADD COLUMN IF NOT EXISTS writers STRING;

ALTER TABLE IF EXISTS incoming ADD COLUMN IF NOT EXISTS writer_stores STRING;

ALTER TABLE IF EXISTS incoming ADD COLUMN IF NOT EXISTS own_keys STRING;
