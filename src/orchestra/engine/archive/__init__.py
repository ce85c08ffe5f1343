"""Customers of whom everything is settled: out of the state, into the journal alone, and back when they are needed."""
