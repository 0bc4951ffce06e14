"""Cut scores: what judges' ratings, bookmarks and groupings imply, how sure it is, and whom it would pass."""
