"""Goals from a CSV file, a workbook or a pasted block: good rows are saved, others are refused with their reason."""
