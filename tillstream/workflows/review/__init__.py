"""Review: confirm, reject, replay or undo a batch, each with a preview of what it changes."""
