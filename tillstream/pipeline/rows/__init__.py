"""Row batches passed between pipeline stages, their issues, and shared Arrow helpers."""
