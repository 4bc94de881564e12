"""Intake: uploads, watched folders, inbox objects and store sales become batches."""
