"""How often each index flags the honest, in rooms simulated from given parameters."""
