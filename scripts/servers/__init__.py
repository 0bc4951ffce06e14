"""Database servers from the binaries of Python wheels, for tests, load tests and `scripts/run --full`."""
