"""Customers, their conversations, interactions and messages."""
