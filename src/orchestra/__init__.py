"""Orchestrate a company's customer contacts over every channel."""

__version__ = "0.1.0"
