"""Rules: what a plan says is to follow when something happens."""
