"""One question put to the model."""
