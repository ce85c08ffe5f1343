"""Bots: programs in an agent's place, and how they hand over to people."""
