"""Exchange rates: parse files, convert to one base currency and fill daily rates."""
