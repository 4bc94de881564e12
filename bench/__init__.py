"""Benchmarks: the product beside its peers, as whole processes in the same run, so that a noisy machine cancels out."""
