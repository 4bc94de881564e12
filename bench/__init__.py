"""Benchmarks of the product and its peers, as whole processes interleaved in one run so that noise cancels out."""
