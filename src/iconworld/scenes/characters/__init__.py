"""Characters on one skeleton: animals and people share pose, proportions, expression and accessories."""
