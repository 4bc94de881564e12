"""Model of region contracts, which describe the file format of one source."""
