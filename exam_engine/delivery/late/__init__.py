"""Answers that came as a file after the deadline, which two people decide about."""
