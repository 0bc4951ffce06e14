"""Item statistics and parameters, kept by scale."""
