"""Occupations, levels, standards' weight tables and outlines of assessment points."""
