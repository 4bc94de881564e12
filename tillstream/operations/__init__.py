"""Upkeep of a ledger: reconcile, rebuild, repair, packing, dead letters, and decisions that write it."""
