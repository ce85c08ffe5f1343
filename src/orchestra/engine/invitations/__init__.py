"""Invitations to another channel, and what a token that comes back proves."""
