"""What contacts bring to light for other departments, and who has yet to take note."""
