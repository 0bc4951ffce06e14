"""Blueprints, assembly of parallel papers, approval and sealing."""
