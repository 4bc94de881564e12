"""A batch: its record, why it is held, the contract proposed for it, and the result of its staging."""
