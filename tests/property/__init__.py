"""Properties: sentences of the design, tried on values that nobody chose."""
