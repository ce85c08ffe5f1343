"""Work items: what the application asks agents to do beside their contacts."""
