"""Service clocks: how long something takes, in business time, and when that is too long."""
