"""The input of Looker Studio: a data source for each view, reports over them, and links that create the reports.

`sources/` is written by `make docs` from the views' own headers; `reports/` is written by people. See docs/looker.md.
"""
