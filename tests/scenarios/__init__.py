"""Situations of the trade as texts: given contacts at times on channels, then exactly this timeline."""
