"""Contacts of one customer at the same time, kept in step."""
