"""Who works, on which devices, and who is away."""
