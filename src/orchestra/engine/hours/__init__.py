"""When queues are open: by their hours, or by whoever closes and opens them."""
