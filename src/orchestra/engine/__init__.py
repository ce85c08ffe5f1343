"""The engine: pure decisions. Commands in, events out; no clock, no chance, no I/O, no log.

What belongs here: state, the tables of states, and the functions that decide, evolve and react. What does not: storage,
encoding, tasks, threads, anything that needs to be awaited.
"""
