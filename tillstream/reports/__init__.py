"""The executive report: figures of a period, what changed and why, goals and forecast, as PDF, HTML and workbook.

`facts` reads, the modules of narratives write sentences by rules, `executive` arranges both, and `forms` and `workbook`
write it. Each number of a sentence keeps the cells of the queries that it comes from.
"""
