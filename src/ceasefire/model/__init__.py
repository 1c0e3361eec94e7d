"""How a war works: pure functions of arrays."""
