"""The `exam-engine` command line."""
