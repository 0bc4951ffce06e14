"""Statistics reports: a frozen answer book and settings in, figures out. No I/O; the services do the rest."""
