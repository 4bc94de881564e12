"""Workbooks: the rows of a sheet, from Excel and OpenDocument files."""
