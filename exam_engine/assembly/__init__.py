"""Assembly kernel: specification → integer programme → forms, bound, explanation. Pure arrays."""
