"""How far an artifact's outputs are from the full-precision model's, and whether that passes. Pure numpy."""
