"""Bringing questions in from files: one module a format, one shared import report."""
