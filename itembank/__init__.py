"""What an item is, and the bank that keeps it."""
