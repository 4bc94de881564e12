"""Forecasts of other methods, scored like ours: at the same cutoffs, on the same days, at all levels."""
