"""Alerts: the kinds of rules, the rules, and the states of an alert, without any storage."""
