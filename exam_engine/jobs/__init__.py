"""Slow work: a queue with progress and cancel."""
