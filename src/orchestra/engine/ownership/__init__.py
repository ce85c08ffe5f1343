"""Who answers for a case next: hand-offs between departments, and escalation."""
