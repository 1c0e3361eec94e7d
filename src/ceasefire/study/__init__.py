"""Learn from runs."""
