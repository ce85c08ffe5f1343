"""The plug-ins that the how-to guides build: real, and held to the contract suites by tests."""
