"""What arrives: uploads, watched folders, the inbox, store messages and the sale form become batches."""
