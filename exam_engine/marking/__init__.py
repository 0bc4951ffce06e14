"""Marking: answers against sealed keys, and practical score sheets."""
