"""Reference pages about Looker Studio: data sources, how to build the reports, and what they cost."""
