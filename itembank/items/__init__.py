"""Items: immutable sealed versions, lifecycle, search, enemies."""
