"""Responses → item parameters → the statistics kept with the bank."""
