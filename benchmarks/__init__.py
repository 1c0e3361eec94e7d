"""How fast the model is, and whether its equations stand when they are written anew: `python -m benchmarks`."""
