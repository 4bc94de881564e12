"""Refused rows of an upload are repaired cell by cell, kept as a draft, tried, and given back."""
