"""What is known, and who says so."""
