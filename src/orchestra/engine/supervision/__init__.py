"""Supervisors who listen to contacts."""
