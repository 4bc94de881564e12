"""Stock movements from a CSV file or a workbook: a plan of what would be recorded, and its recording."""
