"""Corrections: rejected rows come back corrected, accepted as they stand, or discarded."""
