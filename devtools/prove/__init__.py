"""`make prove PROJECT=…`: what only a Google project can show, on a fresh one, in half an hour, with a report."""
