"""Matters of customers, and who is accountable for each."""
