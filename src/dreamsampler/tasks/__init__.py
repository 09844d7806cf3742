"""The applications of the paper, each a function over a prior and tensors."""
