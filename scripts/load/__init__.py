"""Load and chaos: a hall full of invented candidates, candidates that behave, and servers that are killed."""
