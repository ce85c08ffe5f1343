"""Outbound messages as pending work, tried until they end."""
