"""What the journal tells of one customer or one interaction: the timeline, and why things went as they went."""
