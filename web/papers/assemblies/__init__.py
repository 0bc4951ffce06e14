"""Assemblies and the papers that they made."""
