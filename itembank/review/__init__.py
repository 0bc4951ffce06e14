"""A second person's review: requests, verdicts with comments, four eyes."""
