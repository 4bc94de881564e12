"""Records that documents are for: batches, audit log, outbox, job runs, packs and what is lost."""
