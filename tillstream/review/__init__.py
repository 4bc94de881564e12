"""Work of people on batches: onboarding, corrections, decisions, previews, undo, replay, day closes."""
