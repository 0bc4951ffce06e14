"""Psychometric kernels: pure arrays in, pure arrays out."""
