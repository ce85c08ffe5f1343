"""What is told of messages, and is no message itself: edited, taken back, reacted to, answered by a machine."""
