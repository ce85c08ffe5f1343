"""The application's own keys and typed fields on customers, cases and interactions."""
