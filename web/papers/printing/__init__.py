"""Papers, answer sheets and keys to print."""
