"""The nouns of the field: plain values without behaviour that decides anything.

What belongs here: the plan, commands, events, results, records. What does not: state, decisions, storage, I/O.
"""
