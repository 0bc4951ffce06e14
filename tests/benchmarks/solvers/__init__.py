"""Solvers and peers of assembly, compared on the same problems."""
