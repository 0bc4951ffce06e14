"""Who may evaluate what 备案: filed scopes, written by the filing authority, checked wherever somebody evaluates."""
