"""Simulated abilities, items, responses and response times, with the truth beside them."""
