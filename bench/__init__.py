"""How fast the flow is, as ratios to plain SQL that writes the same rows in the same run."""
