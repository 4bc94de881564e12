"""Store sales: acknowledged posts a second, latency under load, a backlog, and many micro-batches."""
