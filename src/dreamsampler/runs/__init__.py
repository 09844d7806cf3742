"""Recipes: what a run was, in a form that another machine can check and repeat."""
