"""The executive report: figures of a period, what changed and why, goals and forecast, as PDF, HTML and workbook.

`facts` reads, `narrative` writes sentences by rules, `document` arranges both, and `pdf`, `html` and `workbook` are its
forms. Each number of a sentence keeps the cells of the queries that it comes from.
"""
