"""Accuracy of forecasts on public data, ingested and read as by a forecast run."""
