"""Channels of alerts: where notices are sent, by e-mail, to webhooks, to Slack, Teams and other services."""
