"""Drawings out of measurements (eq. 21 of DreamSampler) or of a prompt alone."""
