"""Results: the state and score of each component of each registration, and their release."""
