"""Which plan is in force."""
