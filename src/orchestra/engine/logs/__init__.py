"""Which contact logs have been taken."""
