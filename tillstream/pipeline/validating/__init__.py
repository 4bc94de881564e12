"""Check typed rows against the contract and report issues."""
