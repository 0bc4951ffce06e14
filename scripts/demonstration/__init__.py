"""What the demonstration shows: its own bank, people who do not exist, and their simulated past."""
