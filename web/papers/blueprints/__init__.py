"""Blueprints: their list, the editor, files and what is asked of them."""
