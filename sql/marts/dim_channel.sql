-- Channels of the sales. The row with an empty key is for lines without a channel.
-- - channel_key: The channel; empty for lines without one
CREATE OR REPLACE VIEW dim_channel AS
WITH
sold AS (
  SELECT DISTINCT channel FROM line_facts
),
final AS (
  SELECT COALESCE(channel, '') AS channel_key, channel FROM sold
)
SELECT * FROM final
