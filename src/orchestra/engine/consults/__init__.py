"""Agents who help each other with a contact."""
