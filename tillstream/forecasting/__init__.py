"""Forecasts of units and revenue: series from the marts, models, their backtest, bands, and sums over the hierarchy.

Only `models.boosted_trees` imports LightGBM, and only `forecast run` loads it, in a process of its own.
"""
