"""Articles: read safely, and taken apart into claims."""
