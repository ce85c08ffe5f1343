"""What agents still have to do about contacts that go on with others."""
