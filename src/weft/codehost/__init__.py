"""Loading the user's definitions in the user's own interpreter, and fingerprinting their code."""
