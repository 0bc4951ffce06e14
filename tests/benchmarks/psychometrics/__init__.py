"""Calibration beside its peers, on problems of six kinds."""
