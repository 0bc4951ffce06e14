"""Attempts and answers: entering, saving, the clock, handing in."""
