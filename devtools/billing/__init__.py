"""What Google bills for BigQuery, computed from the texts and the reads that are sent to it."""
