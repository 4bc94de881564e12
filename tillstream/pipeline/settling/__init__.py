"""Settle staged batches: commit them to the ledger."""
