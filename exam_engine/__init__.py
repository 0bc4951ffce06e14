"""Everything that turns items into a defensible decision."""
