"""What the company said to customers, what contradicts it, and which of both holds."""
