"""Reader for delimited text: records, headers and cells of CSV files of any dialect."""
