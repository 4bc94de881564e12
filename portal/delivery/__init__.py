"""What leaves, as pages: exports, subscriptions, live files, webhooks, channels of alerts, and reports."""
