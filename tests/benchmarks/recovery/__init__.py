"""Recovery studies: how well parameters come back from simulated data, and how often indices cry wolf."""
