"""Callbacks: customers who are called back instead of waiting on the line."""
