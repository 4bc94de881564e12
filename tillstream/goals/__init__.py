"""Goals of each month: who is to reach what, what was sold of it, and how the month is going to end.

Goals are documents. What was sold comes from the marts, and the expected end of a month from the forecasts.
"""
