"""Malformed and hostile inputs by class: a generator of cases, the call they go to, and the errors that are allowed."""
