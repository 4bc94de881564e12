-- The net changes of one settlement, as `announce` publishes them. `kind` is added, corrected or removed; the key is
-- text. The content is the new one, or the last one of a removed line.
-- needs: users, contracts, FX, alerts, pipeline
-- @settlement_no INT64: the settlement
-- reads: settled_lines
SELECT * FROM settled_lines
WHERE settlement_no = @settlement_no
