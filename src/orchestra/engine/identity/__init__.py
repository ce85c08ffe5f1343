"""Who customers are: addresses, merges and their undoing, and what they consented to."""
