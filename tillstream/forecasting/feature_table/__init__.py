"""Feature tables: a row for each series and day, with what was known some days before. The inputs of a regression, and
files for models of other programs."""
