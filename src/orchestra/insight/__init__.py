"""What a journal tells: measures over all channels, one customer's history, and why a decision fell as it did.

What belongs here: folds over records and plain tables of their results. What does not: decisions, commands, terminals.
"""
