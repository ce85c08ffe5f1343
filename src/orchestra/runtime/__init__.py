"""The thin shell around the engine: clocks, storage, tasks, processes. Decides nothing.

What belongs here: whatever waits. What does not: what should happen, which the engine says, and how bytes look, which
codec and channels say.
"""
