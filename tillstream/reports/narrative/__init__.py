"""Sentences of the report, written from its facts by rules.

Facts are ranked by size. Nothing is called a cause: parts of a change are named as parts. Small changes are called
small, and nothing is compared with a period that has few lines or is not complete.
"""
