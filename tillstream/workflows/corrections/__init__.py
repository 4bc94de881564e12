"""Corrections: rejected rows are corrected, accepted unchanged, or discarded."""
