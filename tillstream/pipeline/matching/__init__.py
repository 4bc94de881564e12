"""Match files to contracts, and detect changes of a source."""
