"""Settling: staged batches enter the ledger in one commit."""
