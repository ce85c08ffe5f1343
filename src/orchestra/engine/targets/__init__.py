"""Within which time a live contact should be connected: told when that is at risk, and when it is missed."""
