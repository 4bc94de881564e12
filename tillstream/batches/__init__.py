"""The record of a batch: its states, its relatives, its events."""
