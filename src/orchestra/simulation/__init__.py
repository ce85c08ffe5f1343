"""What would happen: a plan, customers and agents in virtual time, through the engine that also runs live.

What belongs here: laws of chance, arrivals, simulated people, results with their intervals, staffing, fitting. What
does not: any decision about a contact; those are the engine's.
"""
