"""Makes rows for tests, one module a room."""
