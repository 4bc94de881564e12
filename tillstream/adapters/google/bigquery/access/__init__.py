"""Who may read a dataset, and who may write its single tables."""
