"""Forecasting methods: functions of what is known and the horizon, on arrays. Only `boosted_trees` imports LightGBM."""
