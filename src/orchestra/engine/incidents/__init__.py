"""One cause that concerns many customers: told once to each, and settled for all."""
