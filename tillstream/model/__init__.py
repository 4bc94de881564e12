"""Vocabulary that several packages share: batches, contracts, columns, problems, people, money, dates, messages."""
