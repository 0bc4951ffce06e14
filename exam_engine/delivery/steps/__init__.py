"""Attempts that go through steps, never back: timed and forward-only sections, breaks, modules, single items."""
