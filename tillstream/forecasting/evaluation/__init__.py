"""How good forecasts are: backtest, measures of errors, and the bands that errors give, at each level."""
