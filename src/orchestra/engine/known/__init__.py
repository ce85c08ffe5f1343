"""What is known of a customer when the next contact comes: who answered last, what there was before, what is asked."""
