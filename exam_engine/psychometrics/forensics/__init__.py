"""Speed and honesty: response times, similarity of answers, changes, pre-knowledge, jumps. Pure arrays."""
