"""What customers told of themselves, as far as it matters for how and when they are addressed."""
