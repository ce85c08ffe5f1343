"""What customers were promised, whether it was kept, and when it is foreseen that it will not be."""
