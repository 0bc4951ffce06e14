"""Users, roles, institutions as tenants, persons over a lifetime."""
