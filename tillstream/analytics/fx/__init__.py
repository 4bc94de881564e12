"""Exchange rates: files of rates read, brought to one base and spread over days."""
