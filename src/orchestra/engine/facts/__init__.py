"""Which facts of their cases customers have been told, and when."""
