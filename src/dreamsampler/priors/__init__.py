"""Diffusion models behind one role: `core.types.Prior`."""
