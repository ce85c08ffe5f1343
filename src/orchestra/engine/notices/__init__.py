"""What customers are told before they ask: planned, held back, sent, and followed until it has arrived."""
