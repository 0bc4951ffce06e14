"""Item response theory: models, calibration by marginal maximum likelihood, scoring."""
