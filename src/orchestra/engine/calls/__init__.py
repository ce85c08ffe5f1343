"""Calls that are steered: what the customer's line is told, the agents' legs, and what a provider tells of both."""
