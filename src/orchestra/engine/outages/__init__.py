"""Accounts of channels that are down: nothing is sent there, and those who wait there are written elsewhere."""
