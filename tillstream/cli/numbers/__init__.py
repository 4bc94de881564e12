"""Commands about numbers: queries, measures, forecasts and goals."""
