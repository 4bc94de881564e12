-- What the marts are computed from: the last settlement and when it was committed, and what else changes their rows,
-- apart from the exchange rates.
-- exported_at is when the last settlement up to one of them was committed: a ledger that was restored has another one.
-- @settlement_no INT64: a settlement that was exported
SELECT
  (SELECT COALESCE(MAX(settlement_no), 0) FROM settlements) AS settlement_no,
  (SELECT MAX(settled_at) FROM settlements) AS settled_at,
  (SELECT MAX(settled_at) FROM settlements WHERE settlement_no <= @settlement_no) AS exported_at,
  (SELECT COUNT(*) FROM catalogue_changes) AS catalogue_changes,
  (SELECT MAX(changed_at) FROM catalogue_changes) AS catalogue_changed_at,
  (SELECT MAX(currency) FROM reporting) AS reporting_currency,
  (SELECT MAX(fiscal_month) FROM calendar) AS fiscal_month,
  (SELECT MAX(pattern) FROM calendar) AS retail_pattern,
  (SELECT MAX(days_after_monday) FROM calendar) AS days_after_monday,
  (SELECT MAX(days_ahead) FROM calendar) AS days_ahead,
  (SELECT MAX(TO_HEX(SHA256(secret))) FROM surrogate_secret) AS secret_digest
