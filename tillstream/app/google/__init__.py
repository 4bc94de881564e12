"""The composition root on Google Cloud."""
